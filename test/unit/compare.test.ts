// A comparison says exactly what differs, whatever the records are, wherever it flushed, and however often it died.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Difference } from '../../src/compare/differences.js';
import { readDifferences } from '../../src/compare/differences.js';
import { createPair } from '../../src/compare/pair.js';
import type { Page, Source } from '../../src/core/connector.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import {
  FOLDER,
  listSource,
  openCompareJob,
  type CompareJob,
  type Listed,
  type ListedStream,
  type Steps,
} from '../support/comparing.js';
import { collect, testContext } from '../support/reading.js';
import { createFaultyStore, createHeldUpStore } from '../support/wrapped-store.js';
import { REPORT } from '../support/writing.js';

let job: CompareJob;
beforeEach(() => void (job = openCompareJob()));

const always =
  (step: ReturnType<Steps>): Steps =>
  () =>
    step;

/** Few keys and few contents, so that everything comes about: the same, changed, missing, and twice. */
const rows = fc.array(fc.tuple(fc.constantFrom('1', '1.0', '01', '2', '10', 'a', 'é', '', null), fc.nat(2)), {
  maxLength: 12,
});
type Row = readonly [key: string | null, content: number];

const jsonOf = (all: readonly Row[]): ListedStream => ({
  key: ['id'],
  records: all.map(([id, n]) => JSON.stringify({ id, n })),
});
const csvOf = (all: readonly Row[], order: readonly ['id', 'n'] | readonly ['n', 'id']): ListedStream => ({
  key: ['id'],
  header: order.join(','),
  records: all.map(([id, n]) => order.map((name) => (name === 'n' ? `"n,""${n}"` : csvText(id))).join(',')),
});
const csvText = (text: string | null): string => (text === null ? '' : `"${text}"`);
const keyless = (all: readonly Row[]): ListedStream => ({ ...jsonOf(all), key: [] });

/** What differs, worked out the plain way. */
function expected(stream: string, key: readonly string[], archive: readonly Row[], against: readonly Row[]) {
  const differences: string[] = [];
  const counts = { same: 0, added: 0, removed: 0, changed: 0, duplicates: 0 };
  const isKeyed = ([id]: Row): boolean => key.length > 0 && id !== null;
  const identity = (row: Row): string => JSON.stringify(isKeyed(row) ? [row[0]] : row);
  for (const id of new Set([...archive, ...against].map(identity))) {
    const [here, there] = [archive, against].map((all) => all.filter((row) => identity(row) === id));
    const rest = [...there!];
    for (const row of here!) {
      const same = rest.findIndex(([, content]) => content === row[1]);
      if (same !== -1) rest.splice(same, 1);
      counts.same += same === -1 ? 0 : 1;
    }
    const left = here!.length - (there!.length - rest.length);
    const keyed = isKeyed([...here!, ...there!][0]!);
    const changed = keyed ? Math.min(left, rest.length) : 0;
    const shown = keyed ? [([...here!, ...there!][0] as Row)[0]] : [];
    const add = (kind: Difference['kind'], records: number, side?: string): void => {
      if (records > (kind === 'duplicate' ? 1 : 0))
        differences.push(JSON.stringify({ kind, records, key: shown, side }));
      if (kind === 'duplicate') counts.duplicates += records > 1 ? 1 : 0;
      else counts[kind as 'added'] += records;
    };
    add('changed', changed);
    add('removed', left - changed);
    add('added', rest.length - changed);
    if (keyed) add('duplicate', here!.length, 'archive');
    if (keyed) add('duplicate', there!.length, 'against');
  }
  return { stream, counts, differences: differences.sort() };
}

const told = (all: readonly Difference[], stream: string): string[] =>
  all
    .filter((each) => each.stream === stream)
    .map(({ kind, records, key, side }) => JSON.stringify({ kind, records, key, side }))
    .sort();

/** How `sealHeldUp` may end. Files: the mark, the counts, the index, and a part for each of two streams. */
const SEALED = { leftovers: [], differences: ['removed 1', 'added 3', 'removed 1'], files: 5 };
const GIVEN_UP = { leftovers: [], differences: null, files: 0 };

const leftovers = (): string[] => job.files().filter((file) => !file.startsWith(`${FOLDER}/differences/`));

describe('a comparison', () => {
  test(
    'finds what is worked out the plain way, however it flushes, dies and seals',
    { timeout: 120_000 },
    async () => {
      const stepsOf = fc.infiniteStream(
        fc.constantFrom('go on', 'go on', 'flush', 'flush', 'die', 'die unheard', 'die tidily'),
      );
      const breaks = fc.array(fc.nat(60), { maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(
          rows,
          rows,
          rows,
          rows,
          stepsOf,
          fc.integer({ min: 1, max: 4 }),
          breaks,
          async (...drawn) => {
            const [a, b, c, d, steps, pageSize, faults] = drawn;
            const archive: Listed = {
              a: jsonOf(a),
              b: csvOf(b, ['id', 'n']),
              c: keyless(c),
              gone: jsonOf(d),
            };
            const against: Listed = { a: jsonOf(b), b: csvOf(a, ['n', 'id']), c: keyless(d), new: jsonOf(c) };
            const next = (): ReturnType<Steps> => steps.next().value;
            const copied = await job.copy(
              listSource(archive, pageSize),
              listSource(against, pageSize + 1),
              next,
            );
            for (const at of faults) {
              const store = createFaultyStore(job.store, { at, takesEffect: at % 2 === 0, forGood: true });
              await job.seal(copied, job.sinkOn(store)).catch(() => undefined);
            }
            const summary = await job.seal(copied);
            expect(await job.seal(copied)).toEqual(summary);

            const right = [
              expected('a', ['id'], a, b),
              expected('b', ['id'], b, a),
              expected('c', [], c, d),
              expected('gone', ['id'], d, []),
              expected('new', ['id'], [], c),
            ];
            const sum = (what: keyof (typeof right)[0]['counts']) =>
              right.reduce((all, each) => all + each.counts[what], 0);
            const counts = {
              same: sum('same'),
              added: sum('added'),
              removed: sum('removed'),
              changed: sum('changed'),
              duplicates: sum('duplicates'),
            };
            expect(summary.differences).toEqual(counts);
            const { same, added, removed, changed } = counts;
            expect(summary.records).toBe(same + added + removed + changed);
            const found = await job.differences();
            for (const { stream, differences } of right)
              expect([stream, told(found, stream)]).toEqual([stream, differences]);
            expect(leftovers()).toEqual([]);
            job = openCompareJob();
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  test('merges more runs than it can open at once, in passes', { timeout: 120_000 }, async () => {
    const ids = Array.from({ length: 1_100 }, (_, at) => (at * 7919) % 1_100);
    const records = ids.map((id) => `{"id":${id},"n":0}`);
    const other = records
      .toSpliced(3, 1)
      .map((record, at) => (at === 7 ? record.replace('0}', '1}') : record));
    const archive = listSource({ a: { key: ['id'], records } }, 1);
    const against = listSource({ a: { key: ['id'], records: other.toReversed() } }, 200);
    const summary = await job.seal(await job.copy(archive, against, always('flush')));
    expect(summary.differences).toEqual({ same: 1_098, added: 0, removed: 1, changed: 1, duplicates: 0 });
    expect((await job.differences()).map(({ kind, key }) => [kind, Number(key[0])])).toEqual(
      (
        [
          ['removed', ids[3]!],
          ['changed', ids[8]!],
        ] as const
      ).toSorted(([, x], [, y]) => x - y),
    );
  });

  test('goes on with what a seal that was stopped has done', async () => {
    const records = Array.from({ length: 200 }, (_, id) => `{"id":${id}}`);
    const archive = listSource({ a: { key: ['id'], records } }, 1);
    const copied = await job.copy(archive, listSource({ a: { key: ['id'], records } }, 200), always('flush'));
    const opened: string[] = [];
    const read: Store['read'] = (name, range) => {
      opened.push(...(name.endsWith('.run.zst') && !name.includes('/merged/') ? [name] : []));
      return job.store.read(name, range);
    };
    const ctx = testContext();
    const stat: Store['stat'] = async (name) => {
      if (opened.length > 128) ctx.halt();
      return job.store.stat(name);
    };
    const stopped = job.sinkOn({ ...job.store, read, stat }).seal(ctx, { ...copied, report: REPORT });
    await expect(stopped).rejects.toBeInstanceOf(Stopped);
    const before = opened.splice(0).length;
    expect(before).toBeGreaterThan(128);
    const summary = await job.seal(copied, job.sinkOn({ ...job.store, read }));
    expect(summary.differences).toMatchObject({ same: 200, added: 0, removed: 0 });
    // Only the pass that was under way is made again.
    expect(opened.length).toBeLessThan(202 - 4 * 32 + 32);
  });

  test('keeps what it found before until it has found anew, and then only that', async () => {
    const one = listSource({ a: { key: ['id'], records: ['{"id":1}'] } }, 1);
    const two = listSource({ a: { key: ['id'], records: ['{"id":1}', '{"id":2}'] } }, 1);
    await job.seal(await job.copy(one, two, always('go on')));
    const before = await job.differences();
    expect(before).toMatchObject([{ kind: 'added', stream: 'a', key: ['2'], records: 1 }]);
    const again = await job.copy(two, two, always('go on'));
    expect(await job.differences()).toEqual(before);
    expect((await job.seal(again)).differences).toMatchObject({ same: 2, added: 0 });
    expect(await job.differences()).toEqual([]);
    expect(job.files()).toHaveLength(3);
  });

  test('gives the same summary to two that seal at once, and clears up once', async () => {
    const source = listSource({ a: { key: ['id'], records: ['{"id":1}', '{"id":2}'] } }, 1);
    const copied = await job.copy(
      source,
      listSource({ a: { key: ['id'], records: [] } }, 1),
      always('flush'),
    );
    const summaries = await Promise.all([job.seal(copied), job.seal(copied), job.seal(copied)]);
    expect(new Set(summaries.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  test.for([
    ['another seal', 'seal', [SEALED]],
    ['a writer that comes late', 'flush', [SEALED]],
    ['giving up', 'give up', [SEALED, GIVEN_UP]],
  ] as const)(
    'comes to one right end wherever its seal is held up by %s',
    { timeout: 120_000 },
    async ([, step, ends]) => {
      for (let at = 0, more = true; more; at += 1) {
        job = openCompareJob();
        const { reached, ...end } = await sealHeldUp(at, step);
        more = reached !== null;
        expect(ends, `at ${at}, ${reached}`).toContainEqual(more || step !== 'give up' ? end : SEALED);
      }
    },
  );

  test('leaves nothing of a job that is given up, not even of a writer that comes late', async () => {
    const source = listSource({ a: { key: ['id'], records: ['{"id":1}', '{"id":2}'] } }, 1);
    const copied = await job.copy(source, source, always('flush'));
    const sink = job.sinkOn(job.store);
    const target = { stream: 'archive/a', partition: 'late', index: 9 };
    const late = await sink.open(testContext(), target, null);
    for await (const page of source.read(
      testContext(),
      'a',
      { id: '0', range: { start: 0, end: 1 }, estimate: 1 },
      null,
    )) {
      await late.write(page);
    }
    await sink.discard(testContext());
    const refused = { code: 'chain_broken' };
    await expect(
      late.flush({ cursor: null, done: true, tallies: { ...ZERO, records: 1 } }),
    ).rejects.toMatchObject(refused);
    await late.abort();
    await expect(sink.open(testContext(), target, null)).rejects.toMatchObject(refused);
    await expect(job.seal(copied)).rejects.toMatchObject(refused);
    expect(job.files()).toEqual([]);
    expect(await readDifferences(job.store, FOLDER, { limit: 10 })).toBeNull();
  });

  test('refuses a work file that was changed or removed', async () => {
    const source = listSource({ a: { key: ['id'], records: ['{"id":1}', '{"id":2}'] } }, 1);
    const copied = await job.copy(source, source, always('flush'));
    const found = await collect(job.store.list(FOLDER));
    const run = found.find(({ path: name }) => name.endsWith('.run.zst'))!;
    await job.store.put(run.path, Buffer.from('changed'));
    await expect(job.seal(copied)).rejects.toMatchObject({
      code: 'chain_broken',
      message: expect.stringContaining(run.path) as string,
    });
  });

  test('names the streams that one side only has', async () => {
    const a = { key: ['id'], records: ['{"id":1}'] };
    const copied = await job.copy(listSource({ a, b: a }, 1), listSource({ a, c: a }, 1), always('go on'));
    expect((await job.seal(copied)).notes).toEqual([
      'Only in the archive: b.',
      'Only in what it is compared with: c.',
    ]);
  });

  test('lists as many differences as it may, and counts all', { timeout: 60_000 }, async () => {
    const records = Array.from({ length: 100_020 }, (_, id) => `{"id":${id}}`);
    const archive = listSource(
      { a: { key: ['id'], records }, b: { key: ['id'], records: ['{"id":1}'] } },
      10_000,
    );
    const copied = await job.copy(archive, listSource({}, 1), always('flush'));
    const summary = await job.seal(copied);
    expect(summary.differences).toMatchObject({ removed: 100_021 });
    expect(summary.notes).toContain('The first 100000 differences are listed, all are counted.');
    const page = await readDifferences(job.store, FOLDER, { limit: 200_000 });
    expect(page).toMatchObject({ listed: 100_000, next: null, counts: { removed: 100_021 } });
    expect(page?.differences.map(({ key }) => Number(key[0]))).toEqual(
      Array.from({ length: 100_000 }, (_, id) => id),
    );
  });
});

/** `reached`: the operation that was held up; null: the seal made fewer. */
async function sealHeldUp(at: number, step: 'seal' | 'give up' | 'flush') {
  const some = (...ids: number[]) => ({ key: ['id'], records: ids.map((id) => `{"id":${id}}`) });
  const archive = listSource({ a: some(1, 2), b: some(1) }, 1);
  const copied = await job.copy(archive, listSource({ a: some(2, 3) }, 1), always('flush'));
  const steps = {
    seal: async () => void (await job.seal(copied)),
    'give up': async () => {
      await job.sinkOn(job.store).discard(testContext());
      await job.store.removeAll(FOLDER);
    },
    flush: async () => {
      const target = { stream: 'archive/a', partition: 'late', index: 9 };
      const late = await job.sinkOn(job.store).open(testContext(), target, null);
      await late.write(await firstPage(archive));
      const flushed = late.flush({ cursor: null, done: true, tallies: ZERO });
      await flushed.catch(async () => late.abort());
    },
  };
  const store = createHeldUpStore(job.store, at, () => steps[step]().catch(() => undefined));
  await job.seal(copied, job.sinkOn(store)).catch(() => undefined);
  const found = await readDifferences(job.store, FOLDER, { limit: 9 });
  return {
    reached: store.reached(),
    leftovers: leftovers(),
    differences: found && found.differences.map(({ kind, key }) => `${kind} ${key[0]}`),
    files: job.files().length,
  };
}

async function firstPage(source: Source): Promise<Page> {
  const whole = { id: '0', range: { start: 0, end: 1 }, estimate: null };
  const [page] = await collect(source.read(testContext(), 'a', whole, null));
  return page!;
}

describe('the differences', () => {
  test('come in pages, all or of one stream', async () => {
    const some = (count: number) => ({
      key: ['id'],
      records: Array.from({ length: count }, (_, id) => `{"id":${id}}`),
    });
    const copied = await job.copy(
      listSource({ a: some(5), b: some(4) }, 2),
      listSource({}, 1),
      always('go on'),
    );
    await job.seal(copied);
    const all = await job.differences();
    expect(all.map(({ stream }) => stream).join('')).toBe('aaaaabbbb');
    const first = await readDifferences(job.store, FOLDER, { stream: 'b', limit: 3 });
    expect(first?.differences).toEqual(all.slice(5, 8));
    const second = await readDifferences(job.store, FOLDER, { stream: 'b', limit: 3, cursor: first!.next! });
    expect(second).toMatchObject({ differences: all.slice(8), next: null });
    const bad = readDifferences(job.store, FOLDER, { limit: 3, cursor: '../x' });
    await expect(bad).rejects.toMatchObject({ code: 'request_invalid' });
  });

  test('show keys as texts, and records without a key by how they begin', async () => {
    const long = 'x'.repeat(1_000);
    const archive: Listed = {
      a: {
        key: ['id', 'at'],
        records: [String.raw`{"id":9007199254740993,"at":"\u00e9"}`, `{"id":"${long}","at":null}`],
      },
      b: { key: [], records: [`{"long":"${long}"}`] },
    };
    await job.seal(await job.copy(listSource(archive, 9), listSource({}, 1), always('go on')));
    expect((await job.differences()).map(({ key, record }) => [...key, record?.length])).toEqual([
      ['9007199254740993', 'é', undefined],
      [`${'x'.repeat(300)}…`, null, undefined],
      [120],
    ]);
  });
});

describe('a pair of sources', () => {
  const a = { key: ['id'], records: ['{"id":1}'] };
  const listed = (archive: Listed, against: Listed, names?: string[]) =>
    collect(createPair(listSource(archive, 1), listSource(against, 1)).streams(testContext(), names));

  test('has the streams of both, against first, with the key that the archive says', async () => {
    const streams = await listed({ a, b: a }, { a: { ...a, key: ['uid'] }, c: { ...a, key: ['c'] } });
    expect(streams.map(({ name, key }) => [name, key[0]])).toEqual([
      ['against/a', 'id'],
      ['against/c', 'c'],
      ['archive/a', 'id'],
      ['archive/b', 'id'],
    ]);
  });

  test('has the named streams of whichever side has them', async () => {
    const names = async (...wanted: string[]) =>
      (await listed({ a, b: a }, { a, c: a }, wanted)).map(({ name }) => name);
    expect(await names('a')).toEqual(['against/a', 'archive/a']);
    expect(await names('c', 'b')).toEqual(['against/c', 'archive/b']);
    await expect(names('a', 'd')).rejects.toMatchObject({
      code: 'stream_unknown',
      message: expect.stringContaining('d') as string,
    });
  });

  test('refuses a stream that is CSV here and JSON there, by name', async () => {
    const refused = {
      code: 'connection_unsuitable',
      message: expect.stringMatching(/^Stream a is jsonl .* csv/) as string,
    };
    await expect(listed({ a }, { a: { ...a, header: 'id', records: ['1'] } })).rejects.toMatchObject(refused);
  });

  test('names partitions after what they are of, and finds its way back', async () => {
    const cuts = async (records: readonly string[]) => {
      const pair = createPair(listSource({ a: { ...a, records } }, 1), listSource({}, 1));
      const [stream] = await collect(pair.streams(testContext()));
      return collect(pair.partitions(testContext(), stream!, 2));
    };
    const [two, three] = [await cuts(['{}', '{}']), await cuts(['{}', '{}', '{}'])];
    expect(two.map(({ id }) => id)).toEqual((await cuts(['{}', '{}'])).map(({ id }) => id));
    expect(two[1]!.id).not.toBe(three[1]!.id);
    expect(two.every(({ id }) => /^[0-9a-z-]+$/.test(id))).toBe(true);
  });

  test('counts no request of the archive', async () => {
    const asking = { ...listSource({ a }, 1) };
    asking.read = async function* read(ctx, ...rest) {
      ctx.meter.request();
      yield* listSource({ a }, 1).read(ctx, ...rest);
    };
    const pair = createPair(asking, asking);
    const ctx = testContext();
    const part = { id: '0-000000000000', range: { start: 0, end: 1 }, estimate: null };
    expect(await collect(pair.read(ctx, 'archive/a', part, null))).toHaveLength(1);
    expect(ctx.requests()).toBe(0);
    expect(await collect(pair.read(ctx, 'against/a', part, null))).toHaveLength(1);
    expect(ctx.requests()).toBe(1);
  });

  test('passes on any other error of a side', async () => {
    const broken = { ...listSource({ a }, 1) };
    broken.streams = async function* streams(ctx) {
      yield* listSource({}, 1).streams(ctx);
      throw new LonghaulError('source_timeout', 'slow');
    };
    const listing = collect(createPair(listSource({ a }, 1), broken).streams(testContext(), ['a']));
    await expect(listing).rejects.toMatchObject({ code: 'source_timeout' });
  });
});

const ZERO = { records: 0, bytes: 0, pages: 0, requests: 0, retries: 0, rejects: 0 };
