// Records that are set aside: each once in the log, none in the target, whatever happens to the chunk that met them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { readRejects, rejectsPlaceSchema } from '../../src/archive/rejects-reader.js';
import { createRejectsSource } from '../../src/archive/rejects-source.js';
import type { Checkpoint, RejectsRef } from '../../src/core/checkpoint.js';
import type { Page, Reject, Source, Target } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';
import { EVERY_PAGE, openChunkJob, STREAM, type ChunkJob } from '../support/chunk-job.js';
import { pickySink } from '../support/picky-sink.js';
import { collect, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { createFaultyStore } from '../support/wrapped-store.js';
import { stream } from '../support/writing.js';

const FOLDER = '.jobs/job-1';
const TARGET: Target = { stream: STREAM, partition: '0', index: 0 };
const RECORDS = someRecords(9);
const isRefused = (record: string) => /"n":(2|3|7),/.test(record);
const REFUSED = RECORDS.filter(isRefused);
const TAKEN = RECORDS.filter((record) => !isRefused(record));

let job: ChunkJob;
beforeEach(async () => {
  job = await openChunkJob(RECORDS, 2);
});
afterEach(() => job.dispose());

describe('a chunk whose sink refuses records', () => {
  test('writes the others and sets each of them aside with its reason', async () => {
    const { checkpoint } = await chunkOn(job.store).run();
    expect(checkpoint.tallies).toMatchObject({ records: TAKEN.length, rejects: REFUSED.length });
    expect(await job.sealed(checkpoint)).toEqual(TAKEN);
    const logged = await rejectsIn(job.store);
    expect(logged.map(textOf).toSorted()).toEqual(REFUSED.toSorted());
    expect(logged[0]).toMatchObject({ stream: STREAM, partition: '0', code: 'record_refused' });
  });

  test('sets each aside once, whichever operation it dies at', { timeout: 60_000 }, async () => {
    for (const takesEffect of [false, true]) {
      let at = 0;
      for (; await survives(at, takesEffect); at += 1) continue;
      expect(at).toBeGreaterThan(20);
    }
  });

  test('fails by name when more are refused than may be, and keeps what it had', async () => {
    const chunk = chunkOn(job.store, 2);
    const error = await chunk.run().catch((thrown: unknown) => (thrown as { cause: unknown }).cause);
    expect(error).toMatchObject({ code: 'rejects_exceeded' });
    expect((error as Error).message).toContain(STREAM);
    expect(chunk.heartbeat().checkpoint.tallies.rejects).toBe(2);
    expect(await rejectsIn(job.store)).toHaveLength(2);
  });

  test('is not asked to settle where no record may be set aside', async () => {
    const sink = pickySink(job.sinkOn(job.store), isRefused);
    const { checkpoint } = await job.chunk({ sink, policy: EVERY_PAGE }).run();
    expect(checkpoint.tallies.rejects).toBe(0);
    expect(checkpoint.rejects).toBeUndefined();
  });
});

describe('a chunk whose source cannot read records', () => {
  const lost: Reject = {
    code: 'archive_damaged',
    message: 'segment 3 is missing',
    records: 40,
    payload: null,
  };

  test('goes on behind them and counts them as rejects', async () => {
    const chunk = job.chunk({
      source: withLoss(job.source, lost),
      policy: EVERY_PAGE,
      rejects: { log: createRejectsLog(job.store, FOLDER), allowed: Infinity },
    });
    const { checkpoint } = await chunk.run();
    expect(checkpoint.tallies).toMatchObject({ records: RECORDS.length, rejects: 40 });
    expect(await rejectsIn(job.store)).toEqual([{ ...lost, stream: STREAM, partition: '0' }]);
  });

  test('fails by name where none may be set aside', async () => {
    const chunk = job.chunk({ source: withLoss(job.source, lost), policy: EVERY_PAGE });
    await expect(chunk.run()).rejects.toMatchObject({ cause: { code: 'rejects_exceeded' } });
  });
});

describe('the log of rejects', () => {
  test('gives back every byte, also what is no text', async () => {
    const bytes = [Buffer.from('{"a":"ü\u2028"}\n'), Buffer.from([0xff, 0xfe, 0x0a])];
    await logged(bytes.map((chunk) => rejectOf(chunk)));
    const payloads = (await rejectsIn(job.store)).map(({ payload }) => Buffer.concat([...payload!.chunks]));
    expect(payloads).toEqual(bytes.toReversed());
  });

  test('keeps the header that a row of CSV needs', async () => {
    const payload = {
      format: 'csv',
      header: Buffer.from('a,"b""c"\n'),
      chunks: [Buffer.from('1,\n')],
    } as const;
    await logged([{ ...rejectOf(Buffer.alloc(0)), payload }]);
    expect((await rejectsIn(job.store))[0]?.payload).toEqual(payload);
  });

  test('does not show what no checkpoint has named', async () => {
    const log = createRejectsLog(job.store, FOLDER);
    await log.add(TARGET, undefined, [rejectOf(Buffer.from('1\n'))]);
    expect(await rejectsIn(job.store)).toEqual([]);
  });

  test('never goes back behind what it has shown', async () => {
    const log = createRejectsLog(job.store, FOLDER);
    const first = await log.add(TARGET, undefined, [rejectOf(Buffer.from('1\n'))]);
    const second = await log.add(TARGET, first, [rejectOf(Buffer.from('2\n'))]);
    await log.publish(TARGET, second);
    await log.publish(TARGET, first);
    expect((await rejectsIn(job.store)).map(textOf)).toEqual(['2', '1']);
  });

  test('can be read on from any place, whatever is set aside meanwhile', async () => {
    const log = createRejectsLog(job.store, FOLDER);
    const targets = ['a', 'b', 'c'].map((partition, index) => ({ stream: STREAM, partition, index }));
    const refs = new Map<Target, RejectsRef>();
    const setAside = async (target: Target, ...texts: string[]) => {
      const ref = await log.add(
        target,
        refs.get(target),
        texts.map((text) => rejectOf(Buffer.from(text))),
      );
      await log.publish(target, ref);
      refs.set(target, ref);
    };
    for (const target of targets) await setAside(target, '1\n', '2\n', '3\n');
    for (const target of targets) await setAside(target, '4\n');
    const all = await collect(readRejects(job.store, FOLDER));
    expect(all.map(({ reject }) => `${reject.partition}${textOf(reject)}`)).toEqual(
      ['a', 'b', 'c'].flatMap((name) => ['4', '3', '2', '1'].map((text) => name + text)),
    );
    await setAside(targets[0]!, '5\n');
    for (const [at, { after }] of all.entries()) {
      const from = rejectsPlaceSchema.parse(JSON.parse(JSON.stringify(after)));
      expect(await collect(readRejects(job.store, FOLDER, { from }))).toEqual(all.slice(at + 1));
    }
  });

  test('can be read a stream at a time', async () => {
    const other = { ...TARGET, stream: 'Öther', index: 1 };
    const log = createRejectsLog(job.store, FOLDER);
    await logged([rejectOf(Buffer.from('1\n'))]);
    await log.publish(other, await log.add(other, undefined, [rejectOf(Buffer.from('2\n'))]));
    const found = await collect(readRejects(job.store, FOLDER, { stream: 'Öther' }));
    expect(found.map(({ reject }) => textOf(reject))).toEqual(['2']);
    expect(await rejectsIn(job.store)).toHaveLength(2);
  });

  test.each(['rejects/../../x', 'rejects/a/../b.json', 'export.json', '/etc/passwd'])(
    'takes no place in %s',
    (path) => {
      const place = { head: 'rejects-heads/a/0.json', part: { path, sha256: '', seq: 0 }, left: 1 };
      expect(rejectsPlaceSchema.safeParse(place).success).toBe(false);
    },
  );

  test('keeps parts small, however much is refused at once', async () => {
    const records = Array.from({ length: 30 }, (_, i) => Buffer.from(`${i}${'x'.repeat(200_000)}\n`));
    const ref = await logged(records.map(rejectOf));
    expect(ref).toMatchObject({ records: 30 });
    const sizes = (await collect(job.store.list(FOLDER))).map(({ size }) => size);
    expect(Math.max(...sizes)).toBeLessThan(1_500_000);
    expect(await rejectsIn(job.store)).toHaveLength(30);
  });
});

describe('rejects as a source', () => {
  test('gives each record once, also when reading goes on from any of its cursors', async () => {
    await chunkOn(job.store).run();
    const source = createRejectsSource(describing(), job.store, FOLDER);
    const [found] = await collect(source.streams(testContext()));
    expect(found).toMatchObject({ name: STREAM, estimate: REFUSED.length });
    const partitions = await collect(source.partitions(testContext(), found!, 4));
    expect(partitions).toHaveLength(1);
    const pages = await collect(source.read(testContext(), STREAM, partitions[0]!, null));
    expect(textsOf(pages).toSorted()).toEqual(REFUSED.toSorted());
    for (const [at, { next }] of pages.slice(0, -1).entries()) {
      const rest = await collect(source.read(testContext(), STREAM, partitions[0]!, next));
      expect(rest).toEqual(pages.slice(at + 1));
    }
  });

  test('is refused by name where nothing was set aside', async () => {
    const source = createRejectsSource(describing(), job.store, '.jobs/other');
    await expect(collect(source.streams(testContext()))).rejects.toMatchObject({ code: 'job_unknown' });
  });
});

function chunkOn(store: Store, allowed = 100, checkpoint: Checkpoint | null = null) {
  return job.chunk({
    checkpoint,
    sink: pickySink(job.sinkOn(store), isRefused),
    policy: EVERY_PAGE,
    rejects: { log: createRejectsLog(store, FOLDER), allowed },
  });
}

/** Whether a process that dies at this operation was struck at all; the next one then ends the partition. */
async function survives(at: number, takesEffect: boolean): Promise<boolean> {
  await job.dispose();
  job = await openChunkJob(RECORDS, 2);
  const store = createFaultyStore(job.store, { at, takesEffect, forGood: true });
  await chunkOn(store)
    .run()
    .catch(() => undefined);
  const { checkpoint } = await chunkOn(job.store).run();
  expect(checkpoint.tallies).toMatchObject({ records: TAKEN.length, rejects: REFUSED.length });
  expect((await rejectsIn(job.store)).map(textOf).toSorted()).toEqual(REFUSED.toSorted());
  expect(await job.sealed(checkpoint)).toEqual(TAKEN);
  return store.reached() !== null;
}

function withLoss(source: Source, lost: Reject): Source {
  return {
    ...source,
    async *read(...args) {
      let isFirst = true;
      for await (const page of source.read(...args)) {
        yield isFirst ? { ...page, rejects: [lost] } : page;
        isFirst = false;
      }
    },
  };
}

function describing(): Source {
  return {
    ...job.source,
    async *streams() {
      yield stream(STREAM);
    },
  };
}

async function logged(rejects: readonly Reject[]): Promise<RejectsRef> {
  const log = createRejectsLog(job.store, FOLDER);
  const ref = await log.add(TARGET, undefined, rejects);
  await log.publish(TARGET, ref);
  return ref;
}

function rejectOf(bytes: Buffer): Reject {
  return { code: 'record_refused', message: 'no', records: 1, payload: { format: 'jsonl', chunks: [bytes] } };
}

const rejectsIn = async (store: Store) =>
  (await collect(readRejects(store, FOLDER))).map(({ reject }) => reject);
const textOf = ({ payload }: Reject): string =>
  Buffer.concat([...payload!.chunks])
    .toString('utf8')
    .trimEnd();
const textsOf = (pages: readonly Page[]): string[] =>
  pages.flatMap(({ payload }) =>
    Buffer.concat([...payload.chunks])
      .toString('utf8')
      .trimEnd()
      .split('\n'),
  );
