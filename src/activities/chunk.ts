// The one loop that moves data, the same for every connector and every kind of job. Knows nothing of Temporal.
import { START, subtract, type Checkpoint, type Tallies } from '../core/checkpoint.js';
import type { Context, Meter, Page, Sink, SinkWriter, Source } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import { createRate } from '../core/rate.js';
import type { ChunkEnd, ChunkResult, Heartbeat, PartitionWork, Wait } from '../core/work.js';
import type { Clock } from './deps.js';
import { ChunkError } from './failures.js';
import { CHUNK_BUDGET, createFlushPolicy, type CheckpointPolicy } from './flush-policy.js';
import { patiently } from './patience.js';
import { prefetch } from './prefetch.js';

export interface ChunkOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly work: PartitionWork;
  /** Where to begin: the newest breadcrumb, from the workflow or from an attempt that was lost. */
  readonly from: Checkpoint | null;
  readonly policy: CheckpointPolicy;
  /** Requests that may be sent before the chunk returns with `quota`; null: no limit. */
  readonly requests: number | null;
  /** Told to flush and return. */
  readonly stop: AbortSignal;
  /** Told to break off what is in flight. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export interface Chunk {
  /** The breadcrumb and the live figures, as of now. */
  heartbeat(): Heartbeat;
  /** Copies until the partition is exhausted or the chunk has to end; throws `ChunkError`. Once only. */
  run(): Promise<ChunkResult>;
}

export function createChunk(options: ChunkOptions): Chunk {
  const { source, sink, work, clock, policy } = options;
  const origin = work.checkpoint ?? START;
  let checkpoint = options.from ?? origin;
  let seen: Tallies = checkpoint.tallies;
  let sent = 0;
  let wait: Wait | null = null;
  const rate = createRate();
  const enough = new AbortController();
  const stop = AbortSignal.any([options.stop, enough.signal]);

  const meter: Meter = {
    request() {
      seen = { ...seen, requests: seen.requests + 1 };
      sent += 1;
      if (options.requests !== null && sent >= options.requests) enough.abort('quota' satisfies ChunkEnd);
    },
    retry() {
      seen = { ...seen, retries: seen.retries + 1 };
    },
    waiting(until, reason) {
      wait = until === null ? null : { until, reason };
    },
  };
  const ctx: Context = { stop, signal: options.signal, meter };

  async function run(): Promise<ChunkResult> {
    try {
      return await patiently(ctx, clock, attempt);
    } catch (error) {
      if (error instanceof Stopped && stop.aborted) return { end: endOf(enough.signal), checkpoint };
      throw error instanceof ChunkError ? error : new ChunkError(error, checkpoint);
    }
  }

  /** Begins where the sink stands: after one that broke in its sink, too. */
  async function attempt(): Promise<ChunkResult> {
    const found = await sink.recover?.(ctx, target(work), checkpoint.sink);
    if (found) checkpoint = found;
    seen = checkpoint.tallies;
    if (checkpoint.done) return { end: 'exhausted', checkpoint };
    const writer = await sink.open(ctx, target(work), checkpoint.sink);
    try {
      return await copy(writer);
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async function copy(writer: SinkWriter): Promise<ChunkResult> {
    let next = checkpoint.cursor;
    let done = false;
    let sinkFailed = false;
    const flushes = createFlushPolicy(policy, clock.now());
    const begun = clock.now();
    const doneBytes = seen.bytes;

    async function onSink<T>(writing: Promise<T>): Promise<T> {
      return writing.catch((error: unknown) => {
        sinkFailed = true;
        throw error;
      });
    }

    async function flush(): Promise<void> {
      const breadcrumb = { cursor: next, done, tallies: seen };
      const state = await onSink(writer.flush(breadcrumb));
      checkpoint = { ...breadcrumb, sink: state };
      flushes.flushed(clock.now());
    }

    async function take(page: Page): Promise<void> {
      await onSink(writer.write(page));
      const bytes = sizeOf(page);
      seen = {
        ...seen,
        records: seen.records + page.records,
        bytes: seen.bytes + bytes,
        pages: seen.pages + 1,
      };
      next = page.next;
      done = page.next === null;
      if (!done && flushes.due(bytes, clock.now())) await flush();
      const spent = clock.now() - begun >= CHUNK_BUDGET.ms || seen.bytes - doneBytes >= CHUNK_BUDGET.bytes;
      if (spent) enough.abort('budget' satisfies ChunkEnd);
    }

    try {
      const pages = source.read(ctx, work.stream, work.partition, checkpoint.cursor);
      for await (const page of prefetch(pages, stop)) await take(page);
      done = true;
      await flush();
      return { end: 'exhausted', checkpoint };
    } catch (error) {
      if (sinkFailed) throw error;
      return await endedEarly(error, flush);
    }
  }

  /** The source ended the chunk: what was read is kept, whatever the reason. */
  async function endedEarly(error: unknown, flush: () => Promise<void>): Promise<ChunkResult> {
    await flush();
    if (error instanceof Stopped) return { end: endOf(enough.signal), checkpoint };
    if (error instanceof LonghaulError && error.reaction === 'throttled' && error.until !== undefined) {
      return { end: 'waiting', checkpoint, wait: { until: error.until, reason: error.message } };
    }
    throw new ChunkError(error, checkpoint);
  }

  return {
    run,
    heartbeat() {
      rate.sample(seen.records, clock.now());
      const delta = subtract(checkpoint.tallies, origin.tallies);
      return { stream: work.stream, checkpoint, delta, rate: rate.perSecond(), wait };
    },
  };
}

const target = ({ stream, partition, index }: PartitionWork) => ({ stream, partition: partition.id, index });

/** `quota` and `budget` are the chunk's own reasons; any other stop came from outside. */
function endOf(enough: AbortSignal): ChunkEnd {
  return enough.aborted ? (enough.reason as ChunkEnd) : 'stopped';
}

function sizeOf({ payload }: Page): number {
  return payload.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}
