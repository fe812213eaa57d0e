// The loop that moves data, between a source that does as it is told and a real archive.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArchiveSource } from '../../src/archive/source.js';
import { createAuditSink } from '../../src/archive/audit.js';
import { readManifest } from '../../src/archive/manifest.js';
import { ChunkError } from '../../src/activities/failures.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';
import type { ChunkResult, PartitionWork } from '../../src/core/work.js';
import { ARCHIVE } from '../support/archives.js';
import { EVERY_PAGE, openChunkJob, STREAM, type ChunkJob, type Start } from '../support/chunk-job.js';
import { partitionsOf } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';
import { createFaultyStore } from '../support/wrapped-store.js';

const RECORDS = someRecords(95);
const PAGES = 10;
const DROPPED = new LonghaulError('table_missing', 'the table is gone');

let job: ChunkJob;
beforeEach(async () => void (job = await openChunkJob(RECORDS)));
afterEach(async () => {
  job.source.assertLetGo();
  job.source.assertAllFaultsFired();
  await job.dispose();
});

async function failureOf(run: Promise<unknown>): Promise<{ cause: unknown; checkpoint: Checkpoint }> {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ChunkError);
  return error as ChunkError;
}

/** Chunk after chunk, each from where the one before ended. */
async function runToEnd(start: (checkpoint: Checkpoint | null) => Start): Promise<ChunkResult[]> {
  const results: ChunkResult[] = [];
  for (;;) {
    const checkpoint = results.at(-1)?.checkpoint ?? null;
    const result = await job.chunk({ ...start(checkpoint), checkpoint }).run();
    results.push(result);
    if (result.end === 'exhausted') return results;
  }
}

describe('a chunk', () => {
  test('copies a partition to its end, and counts what it did', async () => {
    const { end, checkpoint } = await job.chunk().run();
    expect(end).toBe('exhausted');
    expect(checkpoint.done).toBe(true);
    const bytes = RECORDS.reduce((sum, record) => sum + Buffer.byteLength(record) + 1, 0);
    const counted = { records: 95, bytes, pages: PAGES, requests: PAGES, retries: 0, rejects: 0 };
    expect(checkpoint.tallies).toEqual(counted);
    expect(await job.sealed(checkpoint)).toEqual(RECORDS);
  });

  test('says so at once when there is nothing left to do', async () => {
    const { checkpoint } = await job.chunk().run();
    const asked = job.source.asked.length;
    expect(await job.chunk({ checkpoint }).run()).toEqual({ end: 'exhausted', checkpoint });
    expect(await job.chunk({ from: checkpoint }).run()).toEqual({ end: 'exhausted', checkpoint });
    expect(job.source.asked).toHaveLength(asked);
  });

  test('ends when it has done its share of time, and the next one goes on with the next page', async () => {
    const slow = () => {
      let time = 0;
      return { now: () => (time += 60_000) };
    };
    const results = await runToEnd(() => ({ clock: slow() }));
    expect(results.length).toBeGreaterThan(2);
    expect(new Set(results.slice(0, -1).map(({ end }) => end))).toEqual(new Set(['budget']));
    expect(job.source.askedTwice()).toEqual([]);
    expect(await job.sealed(results.at(-1)!.checkpoint)).toEqual(RECORDS);
  });

  test('makes a checkpoint when one is due, and beats only what is durable', async () => {
    const hold = job.source.hold(STREAM, 5);
    const chunk = job.chunk({ policy: { ...EVERY_PAGE, pages: 2 } });
    const running = chunk.run();
    await hold.reached();
    await until('four pages are durable', () => chunk.heartbeat().delta.pages === 4);
    expect(chunk.heartbeat()).toMatchObject({ checkpoint: { cursor: 40 }, delta: { records: 40 } });
    hold.release();
    await running;
    expect(chunk.heartbeat().delta).toMatchObject({ records: 95, pages: PAGES });
  });

  test('lets no failure to let go of the source change how the reading went', async () => {
    job.source.fail({ at: 'close', error: new LonghaulError('source_unreachable', 'gone') });
    expect((await job.chunk({ requests: 3 }).run()).end).toBe('quota');
  });
});

describe('a chunk that is told to stop', () => {
  test('keeps the page on its way and returns the exact place, so that no page is fetched twice', async () => {
    const hold = job.source.hold(STREAM, 4);
    const chunk = job.chunk();
    const running = chunk.run();
    await hold.reached();
    chunk.stop();
    hold.release();
    const { end, checkpoint } = await running;
    expect([end, checkpoint.cursor, checkpoint.tallies.records]).toEqual(['stopped', 50, 50]);
    const rest = await job.chunk({ checkpoint }).run();
    expect(job.source.askedTwice()).toEqual([]);
    expect(rest.checkpoint.tallies.requests).toBe(PAGES);
    expect(await job.sealed(rest.checkpoint)).toEqual(RECORDS);
  });

  test('gives up the page on its way when that takes too long, and keeps the others', async () => {
    const hold = job.source.hold(STREAM, 4);
    const chunk = job.chunk();
    const running = chunk.run();
    await hold.reached();
    chunk.stop();
    chunk.abort();
    expect(await running).toMatchObject({ end: 'stopped', checkpoint: { cursor: 40 } });
    hold.release();
  });

  test('asks for nothing when it was told before it began', async () => {
    const chunk = job.chunk();
    chunk.stop();
    expect(await chunk.run()).toMatchObject({ end: 'stopped', checkpoint: { cursor: null, done: false } });
    expect(job.source.asked).toEqual([]);
  });

  test('takes a source that stops of its own accord for a faulty one', async () => {
    job.source.fail({ at: 30, error: new Stopped('why ever') });
    const { cause, checkpoint } = await failureOf(job.chunk().run());
    expect(cause).toBeInstanceOf(Stopped);
    expect(checkpoint.cursor).toBe(30);
  });
});

describe('a chunk with a quota', () => {
  test('sends exactly the requests it may send', async () => {
    const results = await runToEnd(() => ({ requests: 3 }));
    expect(results.map(({ end }) => end)).toEqual(['quota', 'quota', 'quota', 'exhausted']);
    expect(results.map(({ checkpoint }) => checkpoint.tallies.requests)).toEqual([3, 6, 9, PAGES]);
    expect(await job.sealed(results.at(-1)!.checkpoint)).toEqual(RECORDS);
  });

  test('does not send them again when another attempt takes it over', async () => {
    const first = job.chunk({ requests: 4, policy: EVERY_PAGE });
    const hold = job.source.hold(STREAM, 3);
    const running = first.run();
    await hold.reached();
    await until('two pages are durable', () => first.heartbeat().delta.pages === 2);
    const from = first.heartbeat().checkpoint;
    first.stop();
    first.abort();
    await running;
    hold.release();
    const { end, checkpoint } = await job.chunk({ requests: 4, from }).run();
    expect([end, checkpoint.tallies.requests, job.source.asked.length]).toEqual(['quota', 4, 4]);
  });

  test('ends exhausted when the last request that it may send is all it needed', async () => {
    const { end } = await job.chunk({ requests: PAGES + 1 }).run();
    expect(end).toBe('exhausted');
  });
});

describe('a chunk whose source fails', () => {
  test('keeps what was read, and says with the error where that ends', async () => {
    job.source.fail({ at: 40, error: DROPPED });
    const { cause, checkpoint } = await failureOf(job.chunk().run());
    expect(cause).toBe(DROPPED);
    expect(checkpoint).toMatchObject({ cursor: 40, done: false, tallies: { records: 40, requests: 5 } });
    const rest = await job.chunk({ checkpoint }).run();
    expect(job.source.askedTwice()).toEqual([]);
    expect(await job.sealed(rest.checkpoint)).toEqual(RECORDS);
  });

  test('returns to wait when the source says when to come back', async () => {
    const error = new LonghaulError('quota_spent', 'come back tomorrow', { until: 86_400_000 });
    job.source.fail({ at: 20, error });
    expect(await job.chunk().run()).toMatchObject({
      end: 'waiting',
      wait: { until: 86_400_000, reason: 'come back tomorrow' },
      checkpoint: { cursor: 20, tallies: { records: 20 } },
    });
  });
});

describe('a chunk whose sink fails', () => {
  test('ends with the last durable checkpoint at whichever operation it breaks, and writes nothing after', async () => {
    for (let at = 0; ; at += 1) {
      const store = createFaultyStore(job.store, { at, takesEffect: false, forGood: false });
      const seen = countingFlushes(store);
      const chunk = job.chunk({ sink: seen.sink, policy: { ...EVERY_PAGE, pages: 3 } });
      const outcome = await chunk.run().catch((error: unknown) => error);
      await store.close();
      if (store.reached() === null) {
        await job.sealed((outcome as ChunkResult).checkpoint);
        break;
      }
      expect(outcome, `at ${store.reached()}`).toBeInstanceOf(ChunkError);
      expect((outcome as ChunkError).checkpoint).toEqual(chunk.heartbeat().checkpoint);
      expect(seen.failed(), `at ${store.reached()}`).toBeLessThanOrEqual(1);
      await job.dispose();
      job = await openChunkJob(RECORDS);
    }
    expect((await job.published()).records).toEqual(RECORDS);
  });

  test('has the next chunk read again only what was not durable', async () => {
    const store = createFaultyStore(job.store, { at: 5, takesEffect: true, forGood: true });
    const chunk = job.chunk({ sink: job.sinkOn(store), policy: EVERY_PAGE });
    const { cause, checkpoint } = await failureOf(chunk.run());
    await store.close();
    expect(cause).toMatchObject({ code: 'source_unreachable' });
    const rest = await job.chunk({ checkpoint }).run();
    expect(job.source.askedTwice().length).toBeLessThanOrEqual(2);
    expect(await job.sealed(rest.checkpoint)).toEqual(RECORDS);
  });

  test('does not keep the source waiting for its turn', async () => {
    const sink = job.sinkOn(job.store);
    const broken = { ...sink, open: async () => failingWriter };
    const failing = new LonghaulError('disk_full', 'no space left');
    const failingWriter = {
      write: async () => Promise.reject(failing),
      flush: async () => null,
      abort: async () => Promise.reject(new Error('nor does this work')),
    };
    let waited = false;
    const waits = {
      ...job.source,
      async *read(...args: Parameters<typeof job.source.read>) {
        const [ctx] = args;
        for await (const page of job.source.read(...args)) {
          yield page;
          await new Promise((resolve) => ctx.stop.addEventListener('abort', resolve));
          waited = true;
        }
      },
    };
    const { cause } = await failureOf(job.chunk({ source: waits, sink: broken }).run());
    expect(cause).toBe(failing);
    expect(waited).toBe(true);
  });

  function countingFlushes(store: ReturnType<typeof createFaultyStore>) {
    const sink = job.sinkOn(store);
    let failed = 0;
    const open: typeof sink.open = async (...args) => {
      const writer = await sink.open(...args);
      const flush: typeof writer.flush = (breadcrumb) =>
        writer.flush(breadcrumb).catch((error: unknown) => {
          failed += 1;
          throw error;
        });
      return { ...writer, flush };
    };
    return { sink: { ...sink, open }, failed: () => failed };
  }
});

describe('a chunk that takes over', () => {
  test('finds a checkpoint of which nobody heard, and reads nothing again', async () => {
    const lost = await job.chunk({ requests: 6 }).run();
    const { end, checkpoint } = await job.chunk().run();
    expect([lost.checkpoint.cursor, end]).toEqual([60, 'exhausted']);
    expect(job.source.askedTwice()).toEqual([]);
    expect(await job.sealed(checkpoint)).toEqual(RECORDS);
  });

  test('reads nothing again of a partition that was finished, though nobody heard of it', async () => {
    const lost = await job.chunk().run();
    expect(await job.chunk().run()).toEqual(lost);
    expect(job.source.asked).toHaveLength(PAGES);
  });

  test('does not count what it found as fast reading', async () => {
    let time = 0;
    const clock = { now: () => time };
    await job.chunk({ requests: 6 }).run();
    const hold = job.source.hold(STREAM);
    const chunk = job.chunk({ clock });
    chunk.heartbeat();
    const running = chunk.run();
    await hold.reached();
    time = 1_000;
    expect(chunk.heartbeat()).toMatchObject({ rate: 0, delta: { records: 60 } });
    hold.release();
    await running;
  });

  test('goes on where the archive says when the job has forgotten, without counting anything twice', async () => {
    const { checkpoint } = await job.chunk({ requests: 6 }).run();
    const forgotten = { ...checkpoint, cursor: null, sink: null };
    const chunk = job.chunk({ checkpoint: forgotten });
    const rest = await chunk.run();
    expect(job.source.askedTwice()).toEqual([]);
    expect(chunk.heartbeat().delta.records).toBe(35);
    expect(rest.checkpoint.tallies.records).toBe(95);
    expect(await job.sealed(rest.checkpoint)).toEqual(RECORDS);
  });
});

describe('a chunk of a verify job', () => {
  let work: PartitionWork;
  const verifying = (checkpoint: Checkpoint | null = null, requests: number | null = null) => {
    const source = createArchiveSource(job.store, ARCHIVE, { onDamage: 'report' });
    const sink = createAuditSink(job.store, ARCHIVE);
    return job.chunk({ source, sink, work, checkpoint, requests });
  };
  beforeEach(async () => {
    await job.sealed((await job.chunk({ policy: { ...EVERY_PAGE, pages: 3 } }).run()).checkpoint);
    const source = createArchiveSource(job.store, ARCHIVE, { onDamage: 'report' });
    const [partition] = await partitionsOf(source, STREAM, 1);
    work = { index: 0, stream: STREAM, partition: partition!, checkpoint: null };
  });

  test('counts the bytes that it checked', async () => {
    const { streams } = await readManifest(job.store, ARCHIVE);
    const { checkpoint } = await verifying().run();
    expect(checkpoint.tallies).toMatchObject({ records: 95, bytes: streams[0]!.bytes });
  });

  test('checks all anew when its breadcrumb was forgotten, and counts it once', async () => {
    const { checkpoint } = await verifying(null, 2).run();
    expect(checkpoint.tallies.requests).toBe(2);
    const whole = await verifying().run();
    const again = verifying({ ...checkpoint, cursor: null, sink: null });
    expect(await again.run()).toEqual(whole);
    expect(again.heartbeat().delta.records).toBe(95 - checkpoint.tallies.records);
  });
});
