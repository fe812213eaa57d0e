// From what Temporal's client returns to the plain facts that core/view.ts understands.
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { LonghaulError } from '../core/errors.js';
import { JOB_WORKFLOWS, MEMO } from '../core/names.js';
import type { Job } from '../core/job.js';
import type { JobFacts, PendingChunk, RunStatus } from '../core/view.js';
import type { Heartbeat, JobMemo, RequestMemo, ScheduledMemo } from '../core/work.js';

const { PendingActivityState } = proto.temporal.api.enums.v1;

export interface FactsDeps {
  readonly client: Client;
  /** Base URL of Temporal's Web UI; null: not known. */
  readonly webUiUrl: string | null;
  readonly clock: () => number;
}

/** A job at one moment, and what it was made of. */
export interface Described {
  readonly description: WorkflowExecutionDescription;
  readonly facts: JobFacts;
  readonly job: Job;
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Timestamp = NonNullable<PendingActivity['lastHeartbeatTime']>;

/** Throws `job_unknown` for a workflow that is no job. */
export async function factsOf(deps: FactsDeps, description: WorkflowExecutionDescription): Promise<JobFacts> {
  const { pendingActivities, workflowExtendedInfo } = description.raw;
  const chunks = (pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'copy');
  return {
    ...listedFactsOf(deps, description),
    chunks: await Promise.all(chunks.map((chunk) => chunkOf(deps, chunk, description.workflowId))),
    cancelRequested: workflowExtendedInfo?.cancelRequested ?? false,
  };
}

/** What a list knows of a job: its finished chunks, not the running ones. Throws `job_unknown`. */
export function listedFactsOf(
  deps: FactsDeps,
  info: WorkflowExecutionInfo | WorkflowExecutionDescription,
): JobFacts {
  const memo = info.memo ?? {};
  const request = memo[MEMO.request] as RequestMemo | ScheduledMemo | undefined;
  const job = (memo[MEMO.job] as JobMemo | undefined) ?? null;
  if (!request || !isJobType(info.type)) {
    throw new LonghaulError('job_unknown', `The workflow ${info.workflowId} is no job.`);
  }
  return {
    // A schedule cannot say when its job will have been created: that is when it started, before any continue-as-new.
    ...queuedFactsOf(deps, info.workflowId, {
      createdAt: job?.startedAt ?? info.startTime.toISOString(),
      ...request,
    }),
    status: statusOf(info.status.name),
    job,
    closedAt: info.closeTime?.toISOString() ?? null,
  };
}

/** A job that was just started. */
export function queuedFactsOf(
  { client, webUiUrl, clock }: FactsDeps,
  id: string,
  request: RequestMemo,
): JobFacts {
  return {
    id,
    status: 'RUNNING',
    request,
    job: null,
    closedAt: null,
    chunks: [],
    cancelRequested: false,
    webUi:
      webUiUrl && `${webUiUrl}/namespaces/${client.options.namespace}/workflows/${encodeURIComponent(id)}`,
    now: clock(),
  };
}

function isJobType(type: string): boolean {
  return JOB_WORKFLOWS.includes(type);
}

const ENDS: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']);

function statusOf(name: string): RunStatus {
  return ENDS.has(name) ? (name as RunStatus) : 'RUNNING';
}

async function chunkOf(
  { client, clock }: FactsDeps,
  chunk: PendingActivity,
  workflowId: string,
): Promise<PendingChunk> {
  const { loadedDataConverter, namespace } = client.options;
  const context = { type: 'activity', namespace, workflowId, isLocal: false } as const;
  const payloads = chunk.heartbeatDetails?.payloads;
  const [details] = await decodeArrayFromPayloads(loadedDataConverter, payloads, context);
  const at = chunk.lastHeartbeatTime;
  return {
    details: isHeartbeat(details) ? details : null,
    ageMs: at ? clock() - epochMs(at) : null,
    state: onWorker(chunk) ? 'started' : 'scheduled',
  };
}

/** One that failed before it began has left nothing but that. */
function isHeartbeat(details: unknown): details is Heartbeat {
  return typeof details === 'object' && details !== null && 'checkpoint' in details;
}

function onWorker({ state }: PendingActivity): boolean {
  return (
    state !== PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED &&
    state !== PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED
  );
}

export function epochMs({ seconds, nanos }: Timestamp): number {
  return Number(seconds ?? 0) * 1000 + Math.floor((nanos ?? 0) / 1e6);
}
