// What the workflow and its activities say to each other, and what both show to the API. All of it lands in Temporal's
// history, so all of it is small and none of it is a secret or a record.
import type { Checkpoint, Tallies } from './checkpoint.js';
import type { Head, Partition, SealSummary } from './connector.js';
import type { ErrorData } from './errors.js';
import type { JobState, StreamProgress } from './job.js';
import type { Json, JsonObject } from './json.js';
import type { JobSpec } from './spec.js';

/** Names the job in every activity. */
export interface JobRef {
  readonly id: string;
  readonly spec: JobSpec;
  /** ISO time of the request. */
  readonly createdAt: string;
  /** Name of the schedule that started it. */
  readonly schedule?: string;
}

/** One partition on its way, with the breadcrumb it goes on from. */
export interface PartitionWork {
  readonly index: number;
  readonly stream: string;
  readonly partition: Partition;
  /** null: not begun. */
  readonly checkpoint: Checkpoint | null;
}

export interface PlanInput {
  readonly job: JobRef;
  /** The last stream of the page before; null for the first page. */
  readonly after: string | null;
  readonly nextIndex: number;
  /** Asked for while the job runs, in place of those of its spec. */
  readonly lanes?: number;
}

/** A page of the plan: whole streams with all their partitions. */
export interface PlanPage {
  /** Nothing could be planned now: the source asks to wait. */
  readonly wait?: Wait;
  /** Everything planned before has to be finished before this page is begun. */
  readonly barrier?: boolean;
  readonly streams: readonly {
    readonly name: string;
    readonly estimate: number | null;
    readonly partitions: number;
  }[];
  readonly work: readonly PartitionWork[];
  readonly after: string | null;
  readonly done: boolean;
  readonly lanes: number;
  /** Lanes that the connection allows; absent: any number. */
  readonly mostLanes?: number;
  readonly requestsPerDay: number | null;
}

export interface CopyInput {
  readonly job: JobRef;
  readonly work: PartitionWork;
  /** Requests this chunk may send before it returns with `quota`; null: no limit. */
  readonly requests: number | null;
  /** The pace of this chunk, its share of the job's; absent: none to keep. */
  readonly requestsPerSecond?: number;
  /** Records the job may still set aside; absent: as many as its spec says. */
  readonly rejects?: number;
}

/** Why a chunk ended. `budget`: it has done its share of time or bytes. */
export type ChunkEnd = 'exhausted' | 'budget' | 'stopped' | 'waiting' | 'quota';

export interface ChunkResult {
  readonly end: ChunkEnd;
  readonly checkpoint: Checkpoint;
  readonly wait?: Wait;
}

/** What is asked of a job while it runs: what is left out stays as it is. */
export interface JobChange {
  /** At most as many as the connection allows are worked in. */
  readonly lanes?: number;
  /** Of all lanes together, within what the connection allows; null: no other bound than that. */
  readonly requestsPerSecond?: number | null;
}

/** A wait that outlives a chunk. `until` in epoch ms. */
export interface Wait {
  readonly until: number;
  readonly reason: string;
}

/** What a running chunk beats: the breadcrumb for its next attempt, and live figures for people. */
export interface Heartbeat {
  readonly stream: string;
  readonly checkpoint: Checkpoint;
  /** Durable work since the chunk was handed out, over all its attempts: what to add to the job's finished chunks. */
  readonly delta: Tallies;
  /** Records a second over the last seconds. */
  readonly rate: number;
  /** A short wait inside the chunk. */
  readonly wait: Wait | null;
}

/** Details of the ApplicationFailure that ends a chunk. */
export interface ChunkFailure {
  readonly error: ErrorData;
  readonly checkpoint: Checkpoint;
}

export interface SettleInput {
  readonly job: JobRef;
  readonly heads: readonly Head[];
  readonly settled: Json | null;
}

export interface SealInput extends SettleInput {
  readonly report: JsonObject;
}

/** The activities, as the workflows see them. */
export interface Activities {
  plan(input: PlanInput): Promise<PlanPage>;
  copy(input: CopyInput): Promise<ChunkResult>;
  settle(input: SettleInput): Promise<Json>;
  seal(input: SealInput): Promise<SealSummary>;
  discard(input: { readonly job: JobRef }): Promise<void>;
  checkConnection(input: { readonly connection: string }): Promise<ConnectionCheck>;
  removeArchive(input: RemovalInput): Promise<Removal>;
}

/** `path`: of the archive in the store of the connection. */
export interface RemovalInput {
  readonly connection: string;
  readonly path: string;
}

/** `error`: why the archive is still there, or not; null: it was removed. */
export interface Removal {
  readonly error: ErrorData | null;
}

export interface ConnectionCheck {
  readonly connection: string;
  readonly ok: boolean;
  /** What was seen: server version, reachable streams, free space. */
  readonly detail: string;
  readonly error: ErrorData | null;
}

/** Memo `request`: set at the start, never changed. */
export interface RequestMemo {
  readonly spec: JobSpec;
  readonly createdAt: string;
  /** sha256 of the body, when the caller sent an Idempotency-Key. */
  readonly bodyHash: string | null;
  readonly schedule?: string;
}

/** As a schedule gives it to each of its jobs. */
export type ScheduledMemo = Omit<RequestMemo, 'createdAt'>;

/** Memo `job`: what the finished chunks add up to. With the heartbeats of running chunks it is the whole picture. */
export interface JobMemo {
  readonly state: JobState;
  readonly startedAt: string;
  readonly tallies: Tallies;
  readonly estimatedRecords: number | null;
  readonly streams: readonly StreamProgress[];
  readonly streamsTotal: number;
  /** Absent in what an earlier version left. */
  readonly lanes?: number;
  /** Absent: none was asked for. */
  readonly requestsPerSecond?: number;
  readonly wait: Wait | null;
  readonly result: SealSummary | null;
  readonly error: ErrorData | null;
}

/** What a workflow starts with: a new job, or one taken up again where it failed or continued as new. */
export interface JobInput {
  readonly job: JobRef;
  readonly resume?: CarriedState;
}

/** What every job of a schedule starts with, the same for all: id and time are those of the workflow. */
export interface ScheduledInput {
  readonly job: Pick<JobRef, 'spec' | 'schedule'>;
}

/** The whole state of a job between two runs of its workflow. Bounded: under 64 KiB whatever the size of the job. */
export interface CarriedState {
  readonly startedAt: string;
  readonly paused: boolean;
  readonly plan: { readonly after: string | null; readonly done: boolean; readonly nextIndex: number };
  readonly lanes: number;
  /** What was asked for, and what is allowed, whatever else is asked; absent: nothing, and any number. */
  readonly lanesAsked?: number;
  readonly lanesMost?: number;
  /** Asked for while the job runs; absent: none. */
  readonly requestsPerSecond?: number;
  /** Planned and not finished, in order. */
  readonly pending: readonly PartitionWork[];
  /** Finished and not settled. */
  readonly heads: readonly Head[];
  readonly settled: Json | null;
  /** Of finished partitions. */
  readonly finished: Tallies;
  readonly estimated: { readonly known: number; readonly complete: boolean };
  readonly streams: readonly StreamCount[];
  readonly streamsTotal: number;
  readonly wait: Wait | null;
  readonly quota: Quota | null;
}

/** A stream on its way, or one of the last that ended. */
export interface StreamCount {
  readonly name: string;
  readonly estimate: number | null;
  readonly total: number;
  readonly done: number;
  /** Of its finished partitions. */
  readonly records: number;
}

/** The day's requests of the job. `day` is an ISO date in UTC. */
export interface Quota {
  readonly perDay: number;
  readonly day: string;
  readonly used: number;
}
