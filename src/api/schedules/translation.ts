// Between a schedule as people see it and as Temporal keeps it. Temporal's description is the only place where it is kept:
// the text of `cron` is the comment of its calendar, the spec is in the memo that each job starts with.
import type { ScheduleDescription, ScheduleOptions, ScheduleSummary } from '@temporalio/client';
import { formatDuration, parseDuration } from '../../core/durations.js';
import { BY_WORKERS, JOB_WORKFLOWS, MEMO, SEARCH_ATTRIBUTES } from '../../core/names.js';
import type { JobKind } from '../../core/job.js';
import type { JobSpec } from '../../core/spec.js';
import type { ScheduledInput, ScheduledMemo } from '../../core/work.js';
import { searchAttributesOf, shownOf } from '../begin.js';
import type { ListedSchedule, Schedule, ScheduleSettings } from './contracts.js';

const DEFAULT_CATCH_UP = '1d';
const OVERLAP = { skip: 'SKIP', queue: 'BUFFER_ONE', parallel: 'ALLOW_ALL' } as const;
type Overlap = keyof typeof OVERLAP;
type Kept = Pick<ScheduleOptions, 'spec' | 'action' | 'typedSearchAttributes'> & {
  readonly policies: NonNullable<ScheduleOptions['policies']>;
};

export function toTemporal(name: string, settings: ScheduleSettings): Kept {
  const { job, overlap = 'skip', catchUp = DEFAULT_CATCH_UP, pauseOnFailure = false } = settings;
  return {
    spec: timesOf(settings),
    action: actionOf(name, job),
    policies: { overlap: OVERLAP[overlap], catchupWindow: parseDuration(catchUp) ?? 0, pauseOnFailure },
    typedSearchAttributes: searchAttributesOf(job),
  };
}

function timesOf({ cron, every, timeZone }: ScheduleSettings): ScheduleOptions['spec'] {
  if (cron === undefined) return { intervals: [{ every: parseDuration(every ?? '') ?? 0 }] };
  return { cronExpressions: [`${cron} # ${cron}`], ...(timeZone !== undefined && { timezone: timeZone }) };
}

/** Temporal adds the time to the id. No time limit is set on the whole, as for every job. */
function actionOf(name: string, spec: JobSpec): ScheduleOptions['action'] {
  const input: ScheduledInput = { job: { spec, schedule: name } };
  const request: ScheduledMemo = { spec, bodyHash: null, schedule: name };
  return {
    type: 'startWorkflow',
    workflowType: spec.kind,
    workflowId: name,
    ...BY_WORKERS,
    args: [input],
    memo: { [MEMO.request]: request },
    typedSearchAttributes: searchAttributesOf(spec),
    ...shownOf(`${name}-…`, spec),
  };
}

/** null: a schedule of something else in the same namespace. */
export function specOf({ action }: ScheduleDescription): JobSpec | null {
  const request = action.memo?.[MEMO.request] as ScheduledMemo | undefined;
  return request && JOB_WORKFLOWS.includes(action.workflowType) ? request.spec : null;
}

function overlapOf({ policies }: ScheduleDescription): Overlap {
  const names = Object.keys(OVERLAP) as Overlap[];
  return names.find((name) => OVERLAP[name] === policies.overlap) ?? 'skip';
}

export function toSchedule(
  found: ScheduleDescription,
  spec: JobSpec,
  stateOf: (job: string) => Schedule['runs'][number]['state'],
): Schedule {
  const { info, policies } = found;
  return {
    ...timingOf(found),
    overlap: overlapOf(found),
    catchUp: formatDuration(policies.catchupWindow),
    pauseOnFailure: policies.pauseOnFailure,
    job: spec,
    next: nextOf(found),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    runs: runsOf(found).map((run) => ({ ...run, state: stateOf(run.job) })),
    counts: {
      started: info.numActionsTaken,
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    },
    createdAt: info.createdAt.toISOString(),
    changedAt: info.lastUpdatedAt?.toISOString() ?? null,
  };
}

/** null: a schedule of something else. */
export function toListed(found: ScheduleSummary): ListedSchedule | null {
  const { action, searchAttributes } = found;
  if (!action || !JOB_WORKFLOWS.includes(action.workflowType)) return null;
  const keyword = (name: string) => (searchAttributes?.[name]?.[0] as string | undefined) ?? null;
  if (keyword(SEARCH_ATTRIBUTES.kind) === null) return null;
  return {
    ...timingOf(found),
    kind: action.workflowType as JobKind,
    source: keyword(SEARCH_ATTRIBUTES.source),
    sink: keyword(SEARCH_ATTRIBUTES.sink),
    tenant: keyword(SEARCH_ATTRIBUTES.tenant),
    next: nextOf(found)[0] ?? null,
    last: runsOf(found)[0] ?? null,
  };
}

type Found = ScheduleSummary | ScheduleDescription;

function timingOf({ scheduleId, spec, state }: Found) {
  const every = spec?.intervals?.[0]?.every;
  return {
    name: scheduleId,
    cron: spec?.calendars?.[0]?.comment ?? null,
    timeZone: spec?.timezone || null,
    every: every === undefined ? null : formatDuration(every),
    paused: state.paused,
    note: state.note || null,
  };
}

function nextOf({ state, info }: Found): string[] {
  return state.paused ? [] : info.nextActionTimes.map((at) => at.toISOString());
}

/** Newest first. */
export function runsOf({ info }: Found) {
  return info.recentActions
    .map(({ scheduledAt, takenAt, action }) => ({
      job: action.workflow.workflowId,
      scheduledAt: scheduledAt.toISOString(),
      startedAt: takenAt.toISOString(),
    }))
    .toReversed();
}
