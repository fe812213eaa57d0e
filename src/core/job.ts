// A job as the API, the command line and report.json show it.
import type { Tallies } from './checkpoint.js';
import type { SealSummary } from './connector.js';
import type { ErrorData } from './errors.js';
import type { JobSpec } from './spec.js';

export type JobKind = JobSpec['kind'];

export const JOB_STATES = [
  'queued',
  'running',
  'paused',
  'waiting',
  'cancelling',
  'completed',
  'failed',
  'cancelled',
] as const;
export type JobState = (typeof JOB_STATES)[number];
export const ENDED: readonly JobState[] = ['completed', 'failed', 'cancelled'];

/** All figures are of durable work: what a checkpoint covers. */
export interface JobProgress extends Tallies {
  readonly estimatedRecords: number | null;
  /** 0 to 100, one decimal; null while the total is unknown. */
  readonly percent: number | null;
  /** Over the last seconds; null while nothing runs. */
  readonly recordsPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** ISO time at which a waiting job goes on. */
  readonly waitingUntil: string | null;
  readonly waitingFor: string | null;
}

export interface StreamProgress {
  readonly name: string;
  readonly state: 'queued' | 'running' | 'completed';
  readonly records: number;
  readonly estimatedRecords: number | null;
  readonly partitions: { readonly done: number; readonly running: number; readonly total: number };
}

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly source: JobSpec['source'];
  readonly sink: Exclude<JobSpec, { kind: 'verify' }>['sink'] | null;
  readonly options: NonNullable<JobSpec['options']>;
  /** `connection/prefix/id` of the archive that the job writes or reads, or of the folder that an export writes. */
  readonly archive: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly progress: JobProgress;
  /** At most 50: the running ones, then the latest; `streamsTotal` counts all that were planned so far. */
  readonly streams: readonly StreamProgress[];
  readonly streamsTotal: number;
  /** Partitions worked on at a time; null: not begun. */
  readonly lanes: number | null;
  /** The pace it was asked to keep while it runs; null: none. */
  readonly requestsPerSecond: number | null;
  readonly result: SealSummary | null;
  readonly error: ErrorData | null;
  readonly webUi: string | null;
  /** Name of the schedule that started it; absent: somebody did. */
  readonly schedule?: string | undefined;
}
