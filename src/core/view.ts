// From what Temporal remembers of a job to the job as people see it: memo (finished chunks) + heartbeats (running ones).
// Pure, and used on both sides: by the API for every answer, by the workflow for report.json.
import { archivePath, storeConnection } from './archive-path.js';
import { add, NO_TALLIES, type Tallies } from './checkpoint.js';
import { ERRORS, type ErrorCode, type ErrorData } from './errors.js';
import type { Job, JobProgress, JobState, StreamProgress } from './job.js';
import type { Heartbeat, JobMemo, RequestMemo, Wait } from './work.js';

/** How the run of the workflow stands: Temporal's own names. Any that is not an end counts as open. */
export type RunStatus = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'TIMED_OUT';

export interface PendingChunk {
  /** null: its first attempt has not beaten yet. */
  readonly details: Heartbeat | null;
  /** Age of the last heartbeat in ms; null where there was none. */
  readonly ageMs: number | null;
  /** `started`: an attempt runs on a worker; `scheduled`: it waits for a worker or for its next attempt. */
  readonly state: 'started' | 'scheduled';
}

export interface JobFacts {
  readonly id: string;
  readonly status: RunStatus;
  readonly request: RequestMemo;
  /** null until the workflow has run for the first time. */
  readonly job: JobMemo | null;
  /** ISO time at which the workflow closed; null while it is open. */
  readonly closedAt: string | null;
  readonly chunks: readonly PendingChunk[];
  readonly cancelRequested: boolean;
  /** What failed the workflow, where the memo does not say. */
  readonly failure?: ErrorData;
  readonly webUi: string | null;
  /** Epoch ms. */
  readonly now: number;
}

/** A running chunk beats twice a second; one that has been silent for this long says nothing about the present. */
const FRESH_MS = 10_000;

export function toJob(facts: JobFacts): Job {
  const { id, request, job: memo } = facts;
  const { spec } = request;
  const state = stateOf(facts);
  const beats = facts.chunks.flatMap(({ details }) => (details === null ? [] : [details]));
  return {
    id,
    kind: spec.kind,
    state,
    source: spec.source,
    sink: spec.kind === 'verify' ? null : spec.sink,
    options: spec.options ?? {},
    archive: spec.kind === 'copy' ? null : `${storeConnection(spec)}/${archivePath(id, spec)}`,
    createdAt: request.createdAt,
    startedAt: memo?.startedAt ?? null,
    endedAt: facts.closedAt,
    progress: progressOf(facts, state, beats),
    streams: (memo?.streams ?? []).map((stream) => withBeats(stream, beats)),
    streamsTotal: memo?.streamsTotal ?? 0,
    lanes: memo?.lanes ?? null,
    requestsPerSecond: memo?.requestsPerSecond ?? null,
    result: memo?.result ?? null,
    error: errorOf(facts),
    webUi: facts.webUi,
    ...(request.schedule !== undefined && { schedule: request.schedule }),
  };
}

const ENDS: Readonly<Record<Exclude<RunStatus, 'RUNNING'>, JobState>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'failed',
  TIMED_OUT: 'failed',
};

function stateOf({ status, job, cancelRequested }: JobFacts): JobState {
  if (status !== 'RUNNING') return ENDS[status];
  return cancelRequested ? 'cancelling' : (job?.state ?? 'queued');
}

function errorOf({ status, job, failure }: JobFacts): ErrorData | null {
  switch (status) {
    case 'FAILED':
      return job?.error ?? failure ?? error('internal', 'The workflow failed without a named error.');
    case 'TERMINATED':
      return error('job_terminated', 'The workflow was terminated in Temporal.');
    case 'TIMED_OUT':
      return error('job_terminated', 'The workflow ran into a time limit of Temporal.');
    default:
      return null;
  }
}

function error(code: ErrorCode, message: string): ErrorData {
  return { code, message, hint: ERRORS[code].hint };
}

function progressOf(facts: JobFacts, state: JobState, beats: readonly Heartbeat[]): JobProgress {
  const tallies = beats.map((beat) => beat.delta).reduce<Tallies>(add, facts.job?.tallies ?? NO_TALLIES);
  const total = totalOf(facts.job?.estimatedRecords ?? null, tallies, state);
  const rate = rateOf(facts);
  const wait = waitOf(facts, state);
  return {
    ...tallies,
    estimatedRecords: total,
    percent: percentOf(tallies.records, total, state),
    recordsPerSecond: rate,
    etaSeconds: rate && total !== null ? Math.ceil((total - tallies.records) / rate) : null,
    waitingUntil: wait && new Date(wait.until).toISOString(),
    waitingFor: wait && wait.reason,
  };
}

/** An estimate is never below what is there; of a completed job it is exactly that. */
function totalOf(estimate: number | null, { records }: Tallies, state: JobState): number | null {
  if (state === 'completed') return records;
  return estimate === null ? null : Math.max(estimate, records);
}

/** Only a completed job is at 100. */
function percentOf(records: number, total: number | null, state: JobState): number | null {
  if (state === 'completed') return 100;
  if (total === null) return null;
  return total === 0 ? 0 : Math.min(99.9, Math.floor((records / total) * 1000) / 10);
}

function liveBeats({ chunks }: JobFacts): Heartbeat[] {
  const live = chunks.filter(({ state, ageMs }) => state === 'started' && ageMs !== null && ageMs < FRESH_MS);
  return live.flatMap(({ details }) => (details === null ? [] : [details]));
}

function rateOf(facts: JobFacts): number | null {
  const live = liveBeats(facts);
  return live.length === 0 ? null : Math.round(live.reduce((sum, { rate }) => sum + rate, 0));
}

/** The job waits as a whole, or each of its running chunks waits: then the one that goes on first counts. */
function waitOf(facts: JobFacts, state: JobState): Wait | null {
  if (state === 'waiting') return facts.job?.wait ?? null;
  if (state !== 'running') return null;
  const waits = liveBeats(facts).map(({ wait }) => (wait && wait.until > facts.now ? wait : null));
  const known = waits.filter((wait) => wait !== null);
  if (known.length < waits.length) return null;
  return known.toSorted((a, b) => a.until - b.until)[0] ?? null;
}

function withBeats(stream: StreamProgress, beats: readonly Heartbeat[]): StreamProgress {
  const own = beats.filter((beat) => beat.stream === stream.name);
  if (own.length === 0) return stream;
  const records = own.reduce((sum, beat) => sum + beat.delta.records, stream.records);
  return { ...stream, state: stream.state === 'queued' ? 'running' : stream.state, records };
}
