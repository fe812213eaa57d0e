// The one loop that moves data, the same for every connector and every kind of job. Knows nothing of Temporal.
import { START, subtract, type Checkpoint } from '../core/checkpoint.js';
import type { RejectsLog } from '../archive/rejects.js';
import type { Context, Page, Reject, Sink, SinkWriter, Source } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { ChunkEnd, ChunkResult, Heartbeat, PartitionWork } from '../core/work.js';
import type { Clock } from './clock.js';
import { ChunkError } from './failures.js';
import { createBudget, createFlushPolicy, type CheckpointPolicy } from './flush-policy.js';
import { letGo, prefetch } from './prefetch.js';
import type { Pace } from './pace.js';
import { bytesOf, createTally, type Work } from './tally.js';

export interface ChunkOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly work: PartitionWork;
  /** Where to begin: the newest breadcrumb, from the workflow or from an attempt that was lost. */
  readonly from: Checkpoint | null;
  readonly policy: CheckpointPolicy;
  /** Requests that may be sent, over all attempts, before the chunk returns with `quota`; null: no limit. */
  readonly requests: number | null;
  /** Absent: as fast as it goes. */
  readonly pace?: Pace;
  /** null: no record may be set aside. */
  readonly rejects: RejectsPolicy | null;
  /** Told to flush and return. */
  readonly stop: AbortSignal;
  /** Told to break off what is in flight. */
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'now'>;
  /** Hears of all work as it is done. */
  readonly observe?: (work: Work) => void;
}

/** What becomes of records that cannot be read or written. */
export interface RejectsPolicy {
  readonly log: RejectsLog;
  /** How many may be set aside before the chunk fails with `rejects_exceeded`. */
  readonly allowed: number;
}

export interface Chunk {
  /** The breadcrumb and the live figures, as of now. */
  heartbeat(): Heartbeat;
  /** Copies until the partition is exhausted or the chunk has to end; throws `ChunkError`. Once only. */
  run(): Promise<ChunkResult>;
}

export function createChunk(options: ChunkOptions): Chunk {
  const { source, sink, work, pace, clock } = options;
  const target = { stream: work.stream, partition: work.partition.id, index: work.index };
  const origin = work.checkpoint ?? START;
  /** The chunk's own reason to end. */
  const enough = new AbortController();
  const stop = AbortSignal.any([options.stop, enough.signal]);
  const { observe = () => undefined } = options;
  const tally = createTally({ requested, observe });
  const { meter } = tally;
  const turn = pace && { turn: () => pace.turn(stop, meter) };
  const ctx: Context = { stop, signal: options.signal, meter, ...turn };
  /** The newest that is durable. */
  let checkpoint = options.from ?? origin;

  function end(reason: ChunkEnd): void {
    enough.abort(reason);
  }

  function requested(): void {
    pace?.sent();
    keepQuota();
  }

  function keepQuota(): void {
    const sent = tally.total().requests - origin.tallies.requests;
    if (options.requests !== null && sent >= options.requests) end('quota');
  }

  async function run(): Promise<ChunkResult> {
    try {
      checkpoint = (await sink.recover?.(ctx, target, checkpoint.sink)) ?? begun(checkpoint);
      tally.begin(checkpoint.tallies);
      keepQuota();
      await publish();
      if (checkpoint.done) return { end: 'exhausted', checkpoint };
      return await copyInto(await sink.open(ctx, target, checkpoint.sink));
    } catch (error) {
      // Broken off in the sink: what was not flushed is read again.
      if (error instanceof Stopped && stop.aborted) return { end: endOf(enough.signal), checkpoint };
      throw error instanceof ChunkError ? error : new ChunkError(error, checkpoint, 'sink');
    }
  }

  async function copyInto(writer: SinkWriter): Promise<ChunkResult> {
    try {
      return await copy(writer);
    } catch (error) {
      await writer.abort().catch(() => undefined);
      throw error;
    }
  }

  /** Whatever ends the reading, what was read is kept first. An error of the sink is thrown at once, unless it keeps parts. */
  async function copy(writer: SinkWriter): Promise<ChunkResult> {
    let at = { cursor: checkpoint.cursor, done: false };
    const spent = createBudget(clock.now());
    const flushes = createFlushPolicy(options.policy, clock.now());

    /** From the source, since the last flush. */
    let unread: readonly Reject[] = [];

    async function flush(): Promise<void> {
      const refused = options.rejects ? ((await writer.settle?.()) ?? []) : [];
      tally.refuse(refused);
      const rejects = await setAside([...unread, ...refused]);
      const breadcrumb = { ...at, tallies: tally.total(), ...(rejects && { rejects }) };
      checkpoint = { ...breadcrumb, sink: await writer.flush(breadcrumb) };
      unread = [];
      observe({ checkpoints: 1 });
      await publish();
      flushes.flushed(clock.now());
    }

    /** A page was left in its midst, and what was done of it can be kept. */
    let inParts = false;

    async function take(page: Page): Promise<void> {
      await writer.write(page).catch((error: unknown) => {
        inParts = writer.keepsParts === true;
        throw error;
      });
      tally.add(page);
      if (page.rejects) unread = [...unread, ...page.rejects];
      at = { cursor: page.next, done: page.next === null };
      const bytes = bytesOf(page);
      if (writer.copies) page.release?.();
      const requests = tally.total().requests - checkpoint.tallies.requests;
      if (!at.done && flushes.due(bytes, requests, clock.now())) await flush();
      if (spent(bytes, clock.now())) end('budget');
    }

    const read = source.read(ctx, work.stream, work.partition, checkpoint.cursor);
    const pages = pace ? inStep(read, () => pace.evened(stop, meter)) : read;
    // A page as large as a checkpoint is durable before the next one is asked for: a kill then repeats one of them, not two.
    const isSmall = (page: Page) => bytesOf(page) < options.policy.bytes;
    const draining = drain(prefetch(pages, stop, isSmall), (page) => take(page).catch(giveUp));
    const broken = await draining.catch((error: unknown): Broken => {
      if (!inParts) throw error;
      return { error, side: 'sink' };
    });
    if (!broken) at = { ...at, done: true };
    await flush();
    return broken ? endedBy(broken) : { end: 'exhausted', checkpoint };
  }

  /** Kept durably before the flush whose breadcrumb names them. */
  async function setAside(rejects: readonly Reject[]): Promise<Checkpoint['rejects']> {
    const [first] = rejects;
    if (!first) return checkpoint.rejects;
    const { allowed = 0, log } = options.rejects ?? {};
    const count = tally.total().rejects - origin.tallies.rejects;
    if (!log || count > allowed) throw exceeded(work.stream, count, allowed, first);
    return log.add(target, checkpoint.rejects, rejects);
  }

  async function publish(): Promise<void> {
    if (checkpoint.rejects) await options.rejects?.log.publish(target, checkpoint.rejects);
  }

  /** The sink fails: a source that waits to ask again need not wait any longer. */
  function giveUp(error: unknown): never {
    end('stopped');
    throw error;
  }

  function endedBy({ error, side }: Broken): ChunkResult {
    if (error instanceof Stopped && stop.aborted) return { end: endOf(enough.signal), checkpoint };
    if (error instanceof LonghaulError && error.reaction === 'throttled' && error.until !== undefined) {
      return { end: 'waiting', checkpoint, wait: { until: error.until, reason: error.message } };
    }
    throw new ChunkError(error, checkpoint, side);
  }

  return {
    run,
    heartbeat() {
      const delta = subtract(checkpoint.tallies, origin.tallies);
      return { stream: work.stream, checkpoint, delta, rate: tally.rate(clock.now()), wait: tally.wait() };
    },
  };
}

function exceeded(stream: string, count: number, allowed: number, first: Reject): LonghaulError {
  const more = allowed === 0 ? 'none' : `${allowed} more`;
  return new LonghaulError(
    'rejects_exceeded',
    `${count} records of stream ${stream} were set aside, and ${more} may be (${first.code})`,
  );
}

/** What ended the copying before the partition did. */
interface Broken {
  readonly error: unknown;
  readonly side: 'source' | 'sink';
}

/** Gives each page to `take`; resolves with the error that broke the reading off, or null at its end. */
async function drain(
  pages: AsyncGenerator<Page>,
  take: (page: Page) => Promise<void>,
): Promise<Broken | null> {
  try {
    for (;;) {
      const step = await pages.next().catch((error: unknown): Broken => ({ error, side: 'source' }));
      if ('error' in step) return step;
      if (step.done) return null;
      await take(step.value);
    }
  } finally {
    await letGo(pages);
  }
}

/** Waits before each page, so that requests which the source sent without a turn are made up for. */
async function* inStep(pages: AsyncIterable<Page>, wait: () => Promise<void>): AsyncGenerator<Page> {
  await wait();
  for await (const page of pages) {
    yield page;
    await wait();
  }
}

/** Where the sink knows of nothing, nothing was kept. */
function begun(checkpoint: Checkpoint): Checkpoint {
  return checkpoint.sink === null ? START : checkpoint;
}

/** `quota` and `budget` are the chunk's own reasons; any other stop came from outside. */
function endOf(enough: AbortSignal): ChunkEnd {
  return enough.aborted ? (enough.reason as ChunkEnd) : 'stopped';
}
