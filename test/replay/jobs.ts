// The jobs whose histories are kept: one of each shape that a workflow's code can take.
import { LonghaulError } from '../../src/core/errors.js';
import type { Activities, JobInput, ScheduledInput } from '../../src/core/work.js';
import {
  advance,
  fails,
  SEALED,
  sealsAgain,
  untilCancelled,
  type Script,
} from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { inputOf, type Running } from '../support/workflow-job.js';
import { COMPARE, EXPORT, RESTORE, retryOf, VERIFY } from './inputs.js';

export interface RecordedJob {
  readonly script: Script;
  /** Of the job with this id; default: a backup. */
  readonly input?: (id: string) => JobInput | ScheduledInput;
  /** Steers the job to its end. */
  readonly drive: (job: Running) => Promise<unknown>;
  /** Events that its history must hold, or it would not show what it is kept for. */
  readonly shows: readonly EventKind[];
  /** Activities that it must hold. */
  readonly calls?: readonly (keyof Activities)[];
}

/** As Temporal names them, without `EVENT_TYPE_`. */
export type EventKind =
  | 'WORKFLOW_EXECUTION_COMPLETED'
  | 'WORKFLOW_EXECUTION_FAILED'
  | 'WORKFLOW_EXECUTION_CANCELED'
  | 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW'
  | 'WORKFLOW_EXECUTION_SIGNALED'
  | 'WORKFLOW_EXECUTION_CANCEL_REQUESTED'
  | 'ACTIVITY_TASK_CANCEL_REQUESTED'
  | 'ACTIVITY_TASK_CANCELED'
  | 'ACTIVITY_TASK_FAILED'
  | 'MARKER_RECORDED'
  | 'TIMER_FIRED'
  | 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES';

/** For the server that records: a job of more events than this continues as new, so that histories stay small. */
export const EVENTS_PER_RUN = 90;

const ended = ({ handle }: Running): Promise<unknown> => handle.result().catch(() => undefined);
const dropped = new LonghaulError('table_missing', 'the table is gone');

/** Copies a few records, then works on until it is cancelled; the next chunk copies the rest. */
const interrupted: Script['chunk'] = async (input, left) => {
  if (input.work.checkpoint) return { end: 'exhausted', checkpoint: advance(input, left, true) };
  await untilCancelled();
  return { end: 'stopped', checkpoint: advance(input, 3, false) };
};

const inSteps =
  (step: number): NonNullable<Script['chunk']> =>
  (input, left) => ({
    end: left > step ? 'budget' : 'exhausted',
    checkpoint: advance(input, Math.min(step, left), left <= step),
  });

/** Seals when the pause has come. */
function sealedWhilePaused(): Pick<RecordedJob, 'script' | 'drive'> {
  let paused = false;
  const seal = async () => {
    await until('the job is paused', () => paused);
    return SEALED;
  };
  return {
    script: { streams: { a: [10] }, seal },
    async drive(job) {
      await until('it is sealed', () => job.calls.seal.length === 1);
      await job.handle.signal('pause');
      await until('it is paused', async () => (await job.memo()).state === 'paused');
      paused = true;
      await ended(job);
    },
  };
}

export const JOBS = {
  plain: {
    script: { streams: { a: [10, 20], b: [5] }, chunk: inSteps(8) },
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED', 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES'],
  },

  scheduled: {
    script: { streams: { a: [10] }, chunk: inSteps(8) },
    input: (id) => ({ job: { spec: inputOf(id).job.spec, schedule: 'nightly' } }),
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED', 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES'],
  },

  'paused and resumed': {
    script: { streams: { a: [10], b: [10] }, chunk: interrupted },
    async drive(job) {
      await until('both chunks run', () => job.calls.copy.length === 2);
      await job.handle.signal('pause');
      await until('both have flushed', async () => (await job.memo()).tallies.records === 6);
      await job.handle.signal('resume');
      await ended(job);
    },
    shows: ['WORKFLOW_EXECUTION_SIGNALED', 'ACTIVITY_TASK_CANCEL_REQUESTED', 'WORKFLOW_EXECUTION_COMPLETED'],
  },

  'paused while it is sealed': {
    script: { streams: { a: [10] }, seal: sealsAgain() },
    async drive(job) {
      await until('it is sealed', () => job.calls.seal.length === 1);
      await job.handle.signal('pause');
      await until('it is paused', async () => (await job.memo()).state === 'paused');
      await job.handle.signal('resume');
      await ended(job);
    },
    shows: ['MARKER_RECORDED', 'ACTIVITY_TASK_CANCELED', 'WORKFLOW_EXECUTION_COMPLETED'],
    calls: ['seal'],
  },

  // Recorded by workflows that a pause did not keep from sealing: `patched('seal-stops')`.
  'sealed on through a pause': {
    ...sealedWhilePaused(),
    shows: ['WORKFLOW_EXECUTION_SIGNALED', 'WORKFLOW_EXECUTION_COMPLETED'],
    calls: ['seal'],
  },

  'changed in lanes': {
    script: { streams: { a: [10, 10], b: [10] }, lanes: 1, chunk: interrupted },
    async drive(job) {
      await until('a chunk runs', () => job.calls.copy.length === 1);
      await job.handle.signal('change', { lanes: 3 });
      await until('three chunks run', () => job.calls.copy.length === 3);
      await job.handle.signal('change', { lanes: 2 });
      await ended(job);
    },
    shows: ['WORKFLOW_EXECUTION_SIGNALED', 'ACTIVITY_TASK_CANCEL_REQUESTED', 'WORKFLOW_EXECUTION_COMPLETED'],
  },

  'changed in pace': {
    script: {
      streams: { a: [10, 10], b: [10] },
      lanes: 2,
      async chunk(input, left) {
        if (input.requestsPerSecond === 6)
          return { end: 'exhausted', checkpoint: advance(input, left, true) };
        await untilCancelled();
        return { end: 'stopped', checkpoint: advance(input, 1, false) };
      },
    },
    async drive(job) {
      await until('two chunks run', () => job.calls.copy.length === 2);
      await job.handle.signal('change', { requestsPerSecond: 8 });
      await until('two go on', () => job.calls.copy.length === 4);
      await job.handle.signal('change', { requestsPerSecond: null });
      await until('they go on again', () => job.calls.copy.length === 6);
      await job.handle.signal('change', { requestsPerSecond: 6, lanes: 1 });
      await ended(job);
    },
    shows: ['WORKFLOW_EXECUTION_SIGNALED', 'ACTIVITY_TASK_CANCEL_REQUESTED', 'WORKFLOW_EXECUTION_COMPLETED'],
  },

  waiting: {
    script: {
      streams: { a: [10], b: [10] },
      chunk: (input, left) =>
        input.work.checkpoint
          ? { end: 'exhausted', checkpoint: advance(input, left, true) }
          : {
              end: 'waiting',
              checkpoint: advance(input, 1, false),
              wait: { until: Date.now() + 1_000, reason: 'retry-after' },
            },
    },
    drive: ended,
    shows: ['TIMER_FIRED', 'WORKFLOW_EXECUTION_COMPLETED'],
  },

  'planned in pages and settled': {
    script: {
      streams: Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, [1]])),
      streamsPerPlanPage: 2,
      chunk: (input, left) => ({
        end: 'exhausted',
        checkpoint: { ...advance(input, left, true), sink: 'x'.repeat(3_300) },
      }),
    },
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
    calls: ['plan', 'copy', 'settle', 'seal'],
  },

  'within a daily quota': {
    script: {
      streams: { a: [12, 9] },
      requestsPerDay: 1_000,
      chunk: (input, left) => {
        const step = Math.min(5, left);
        return { end: left > step ? 'quota' : 'exhausted', checkpoint: advance(input, step, left === step) };
      },
    },
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
  },

  'continued as new': {
    script: { streams: { a: [24] }, lanes: 1, chunk: inSteps(1) },
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_CONTINUED_AS_NEW'],
  },

  failed: {
    script: {
      streams: { a: [10], b: [10] },
      async chunk(input) {
        if (input.work.stream === 'b') return fails(dropped, advance(input, 4, false));
        await untilCancelled();
        return { end: 'stopped', checkpoint: advance(input, 7, false) };
      },
    },
    drive: ended,
    shows: ['ACTIVITY_TASK_FAILED', 'WORKFLOW_EXECUTION_FAILED'],
  },

  retried: {
    script: { streams: { a: [10, 10] } },
    input: retryOf,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
  },

  cancelled: {
    script: { streams: { a: [10], b: [10] }, chunk: interrupted },
    async drive(job) {
      await until('both chunks run', () => job.calls.copy.length === 2);
      await job.handle.cancel();
      await ended(job);
    },
    shows: ['WORKFLOW_EXECUTION_CANCEL_REQUESTED', 'WORKFLOW_EXECUTION_CANCELED'],
    calls: ['discard'],
  },

  verify: {
    script: { streams: { a: [4, 4], b: [2] } },
    input: VERIFY,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
  },

  'verify with damage': {
    script: {
      streams: { a: [4] },
      seal: () => ({
        records: 3,
        bytes: 3,
        storedBytes: 3,
        segments: 1,
        findings: [
          { path: 'nightly/a-1/a/0/000001-x.jsonl', problem: 'missing', detail: 'it is not in the store' },
        ],
        findingsTotal: 1,
      }),
    },
    input: VERIFY,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_FAILED'],
  },

  'comparison that differs': {
    script: {
      streams: { a: [4], b: [2] },
      seal: () => ({
        records: 6,
        bytes: 6,
        storedBytes: 0,
        segments: 0,
        differences: { same: 4, added: 1, removed: 0, changed: 1, duplicates: 0 },
      }),
    },
    input: COMPARE,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_FAILED'],
  },

  'restore in stages': {
    script: {
      streams: { a: [12], b: [5, 5], c: [4] },
      streamsPerPlanPage: 1,
      barriers: ['b', 'c'],
      chunk: inSteps(6),
    },
    input: RESTORE,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
  },

  export: {
    script: { streams: { a: [10, 10], b: [3] }, chunk: inSteps(8) },
    input: EXPORT,
    drive: ended,
    shows: ['WORKFLOW_EXECUTION_COMPLETED'],
  },
} satisfies Record<string, RecordedJob>;
