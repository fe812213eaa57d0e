// What a connector is: a source that is read in pages, a sink that is written in checkpoints, a store that holds objects.
// The comments are the contract; the conformance suites in test/conformance hold every implementation to it.
import type { Checkpoint, Cursor } from './checkpoint.js';
import type { ErrorCode } from './errors.js';
import type { Json, JsonObject } from './json.js';

export type { Cursor };

/** What the engine lends a connector for the length of one call. */
export interface Context {
  /** Ask for nothing new once this aborts: throw `Stopped` instead of making the next request. What is in flight may finish. */
  readonly stop: AbortSignal;
  /** Break off what is in flight. Aborts after `stop`. */
  readonly signal: AbortSignal;
  readonly meter: Meter;
  /**
   * Only where the job is held to a pace: resolves when the next request may be sent; throws `Stopped`. Before each page the
   * engine waits by itself, so that only who sends many requests for one page, or writes by requests, needs to ask.
   */
  readonly turn?: () => Promise<void>;
}

/** Where a connector reports what it does, for progress and proof. */
export interface Meter {
  /** One request was sent to the source (each attempt counts). */
  request(): void;
  /** A request failed and will be made again. */
  retry(error: Error): void;
  /** Waiting until an epoch ms for a reason (`rate limit`, `retry-after`); `null` when the wait is over. */
  waiting(until: number | null, reason: string): void;
}

/** One table, API collection or listing. */
export interface Stream {
  readonly name: string;
  /** The fields that tell records apart, in order; empty where the source has none. */
  readonly key: readonly string[];
  readonly encoding: Encoding;
  /** The source's own description of the records (columns and types), kept in the archive's manifest. */
  readonly schema: Json;
  /** How many records are expected, where the source can tell cheaply. */
  readonly estimate: number | null;
}

/** `tar`: the records are objects, such as files. */
export type Encoding = 'jsonl' | 'csv' | 'tar';

/** A part of a stream that can be read on its own. Partitions of a stream do not overlap and leave no gap. */
export interface Partition {
  /** Unique in its stream; safe as a file name: `[0-9a-z-]+`. */
  readonly id: string;
  /** The source's own description of the part. Small: under 8 KiB. */
  readonly range: Json;
  readonly estimate: number | null;
}

/** What one step of reading returned: whole records as the bytes the source sent. */
export interface Page {
  readonly payload: Payload;
  /** How many records the payload holds. May be 0. */
  readonly records: number;
  /** Where the next page begins; `null`: this was the last one. */
  readonly next: Cursor | null;
  /** What could not be read and is set aside; its records are not among the page's. */
  readonly rejects?: readonly Reject[];
  /**
   * Gives the memory of the payload back: the source may write over it. Whoever took the page may call it, once, when nobody
   * needs its bytes any more. Absent, or not called: it is garbage as any other memory.
   */
  readonly release?: () => void;
  /** Only from a source that has copied objects itself; the payload is empty then. */
  readonly copied?: PageCopied;
  /** Only from a source that checks stored objects instead of handing out their records; the payload is empty then. */
  readonly audit?: PageAudit;
}

/** A record that could not be read or written, kept with its reason. */
export interface Reject {
  readonly code: ErrorCode;
  /** May say more than an error may: it is kept beside the data, and never in Temporal. */
  readonly message: string;
  /** How many records it stands for: 1, or all of an object that cannot be read. */
  readonly records: number;
  /** The record alone, as it came; null: it could not be read. */
  readonly payload: Payload | null;
}

/** What was copied without a record passing the engine. The page's `records` are all of these objects. */
export interface PageCopied {
  /** Of the objects, and pieces of objects: what this page counts for in the tallies. */
  readonly bytes: number;
  /** Objects that the server has copied, that passed through this process, and that were there already. */
  readonly byServer: number;
  readonly byWorker: number;
  readonly there: number;
}

/** What a look at stored objects found. The page's `records` are those of the intact ones. */
export interface PageAudit {
  /** Objects found intact. */
  readonly segments: number;
  /** Of the intact ones, before compression: what this page counts for in the tallies. */
  readonly bytes: number;
  readonly storedBytes: number;
  readonly findings: readonly Finding[];
}

/**
 * Whole records, encoded:
 * - `jsonl`: one JSON text a line, each line ended by LF;
 * - `csv`: RFC 4180 rows ended by LF, NULL as an empty unquoted field; `header` is the header line with its LF;
 * - `tar`: entries as `records/tar/entry.ts` makes them. An object too large for a page is a run of entries, in pages and
 *   segments that follow each other, and counts as a record with the last of them; with offset 0 it begins anew.
 * The chunks are owned by the receiver: a source never changes them after the yield, unless the page was released.
 */
export type Payload =
  | { readonly format: 'jsonl'; readonly chunks: readonly Uint8Array[] }
  | { readonly format: 'csv'; readonly header: Uint8Array; readonly chunks: readonly Uint8Array[] }
  | { readonly format: 'tar'; readonly chunks: readonly Uint8Array[] };

/**
 * The reading side. Every method throws `LonghaulError` and nothing else, `Stopped` excepted.
 * It does not retry: a decorator does, by reading again from the last page's `next`.
 */
export interface Source {
  /**
   * All streams, or the named ones, sorted by name. A name it does not have is `stream_unknown`. Of those up to and with
   * `after` nobody wants to know: they may be left out. Each page of a plan asks, so what a stream costs is paid once.
   */
  streams(ctx: Context, names?: readonly string[], after?: string): AsyncIterable<Stream>;
  /** About `want` partitions (1 ≤ want ≤ 128; never more than `want`), in the order of their records. At least one. */
  partitions(ctx: Context, stream: Stream, want: number): AsyncIterable<Partition>;
  /**
   * The pages of a partition from a cursor (`null`: its beginning). Pull is backpressure. It ends when the partition
   * is exhausted, and only then. Reading twice from one cursor gives the same records while the source does not change.
   */
  read(ctx: Context, stream: string, partition: Partition, from: Cursor | null): AsyncIterable<Page>;
  close(): Promise<void>;
}

/** Which part of a job a writer writes. */
export interface Target {
  readonly stream: string;
  readonly partition: string;
  /** Ordinal of the partition in the job: stream order, then partition order. */
  readonly index: number;
}

/** Where a finished partition ended, as its sink described it. */
export interface Head extends Target {
  readonly state: Json;
  readonly records: number;
}

/** The breadcrumb that a flush makes durable beside the data: a checkpoint but for the sink's own state. */
export type Breadcrumb = Omit<Checkpoint, 'sink'>;

/** The writing side. Every method may run twice, or at once in two processes, and leaves one right result. */
export interface Sink {
  /**
   * Only of a sink that takes streams in an order of its own. Given all streams of the job, before each page of the plan:
   * refuses what it cannot take, writing nothing; answers their names in stages, each to be finished before the next.
   */
  stages?(ctx: Context, streams: readonly Stream[]): Promise<readonly (readonly string[])[]>;
  /** How many records a page of a stream may have, where small pages spare the sink work that is done again; absent: any. */
  pageRecords?(stream: string): number;
  /** Makes ready for these streams; called for every page of the plan. The first call claims the target for the job. */
  begin(ctx: Context, streams: readonly Stream[]): Promise<void>;
  /**
   * The newest checkpoint that is durable beside the data, where it is newer than `state`: a worker may have died after a
   * flush and before anybody heard of it. null: `state` is the newest.
   */
  recover?(ctx: Context, target: Target, state: Json | null): Promise<Checkpoint | null>;
  /** A writer that goes on from `state`, what the last flush returned (`null`: nothing written yet). */
  open(ctx: Context, target: Target, state: Json | null): Promise<SinkWriter>;
  /** Takes finished heads off the workflow's hands; returns what stands for all settled so far. Bounded in size. */
  settle(ctx: Context, heads: readonly Head[], settled: Json | null): Promise<Json>;
  /** Publishes: all that was settled, and these heads. `report` is the job as the API shows it. Harmless when repeated. */
  seal(
    ctx: Context,
    work: { heads: readonly Head[]; settled: Json | null; report: JsonObject },
  ): Promise<SealSummary>;
  /** Removes what the job wrote, unless it was sealed. Harmless when repeated. */
  discard(ctx: Context): Promise<void>;
  close(): Promise<void>;
}

export interface SinkWriter {
  /**
   * What was done of a page when this threw is forgotten; or, where `keepsParts` is set, it is part of the next flush, and
   * passed over when the page comes again. Such a writer is flushed before its error counts.
   */
  write(page: Page): Promise<void>;
  readonly keepsParts?: true;
  /** Holds on to nothing of a page once `write` has resolved, so that the page can be released. */
  readonly copies?: true;
  /**
   * Only where records can be refused one by one, and only called where the job sets records aside, right before `flush`:
   * sends out everything written, and answers which records of it the target refuses. Those are not part of the flush.
   */
  settle?(): Promise<readonly Reject[]>;
  /** Resolves when everything written is durable; returns the sink's state, under 4 KiB. */
  flush(breadcrumb: Breadcrumb): Promise<Json>;
  /** Lets go of what was not flushed. Harmless after `flush`. */
  abort(): Promise<void>;
}

/** What sealing proved. `storedBytes` and `segments` are of an archive: 0 where something else was written. */
export interface SealSummary {
  readonly records: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly segments: number;
  /** Objects found wrong by a verify job, at most 100 of them; `findingsTotal` counts all. */
  readonly findings?: readonly Finding[];
  readonly findingsTotal?: number;
  /** Of a comparison, by key: `added` are only there, `removed` only in the archive. */
  readonly differences?: Differences;
  /** Only of a verify that did not read every segment: what it read, of how much. Its other sums are of what was read. */
  readonly sample?: SampleSummary;
  /** Files that an export wrote. */
  readonly files?: number;
  /** What a person should know of the result, in sentences. */
  readonly notes?: readonly string[];
}

export interface SampleSummary {
  /** As it was asked for: `10%`. */
  readonly share: string;
  readonly read: Extent;
  /** Of the whole archive, or the streams of it that were asked for. */
  readonly of: Extent;
}

/** `bytes` are before compression. */
export interface Extent {
  readonly segments: number;
  readonly records: number;
  readonly bytes: number;
  readonly storedBytes: number;
}

export interface Differences {
  readonly same: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Keys that come more than once on a side; their records count as the others do. */
  readonly duplicates: number;
}

/** One damaged, missing or surplus object. */
export interface Finding {
  readonly path: string;
  readonly problem: 'damaged' | 'missing' | 'surplus';
  readonly detail: string;
}
