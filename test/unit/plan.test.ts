// One page of the plan after another: whole streams, cut as it pays, small enough to carry.
import { describe, expect, test } from 'vitest';
import { withColumns } from '../../src/activities/columns.js';
import type { OpenJob } from '../../src/activities/open.js';
import { planPage } from '../../src/activities/plan.js';
import type { Source, Stream } from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Connection } from '../../src/core/registry.js';
import type { BackupSpec } from '../../src/core/spec.js';
import type { PlanPage } from '../../src/core/work.js';
import { createMemorySource } from '../support/memory-source.js';
import { collect, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';

const SPEC: BackupSpec = { kind: 'backup', source: { connection: 'crm' }, sink: { connection: 'vault' } };

interface Setting {
  readonly spec?: BackupSpec;
  readonly limits?: Connection['limits'];
}

/** All pages of a plan, and the streams that the sink heard of. */
async function planOf(source: Source, { spec = SPEC, limits = {} }: Setting = {}) {
  const begun: string[][] = [];
  const sink = {
    begin: async (_ctx: unknown, streams: readonly Stream[]) => void begun.push(streams.map((s) => s.name)),
  };
  const open = { source, sink, limits } as unknown as OpenJob;
  const job = { id: 'job-1', spec, createdAt: '2026-01-01T00:00:00.000Z' };
  const pages: PlanPage[] = [];
  let after: string | null = null;
  let nextIndex = 0;
  do {
    const page: PlanPage = await planPage(open, testContext(), { job, after, nextIndex });
    pages.push(page);
    [after, nextIndex] = [page.after, nextIndex + page.work.length];
  } while (!pages.at(-1)?.done);
  return { pages, begun, work: pages.flatMap((page) => page.work) };
}

/** Of so many streams, numbered, with a record each; counts how many it has listed. */
function numbered(count: number, listed: { times: number }): Source {
  const names = Array.from({ length: count }, (_, i) => String(i).padStart(6, '0'));
  const payload = { format: 'jsonl', chunks: [Buffer.from('{"id":1}\n')] } as const;
  return {
    async *streams(_ctx, _names, after = '') {
      for (let i = after === '' ? 0 : Number(after) + 1; i < count; i += 1) {
        listed.times += 1;
        yield { name: names[i]!, key: [], encoding: 'jsonl', schema: null, estimate: 1 };
      }
    },
    async *partitions() {
      yield { id: '0', range: null, estimate: 1 };
    },
    async *read() {
      yield { payload, records: 1, next: null };
    },
    close: async () => undefined,
  };
}

/** A source of so many streams that says what it likes about them. */
function claiming(count: number, estimate: number | null, range = 'r', nameLength = 5): Source {
  const names = Array.from({ length: count }, (_, i) => String(i).padStart(nameLength, '0'));
  const source = createMemorySource(Object.fromEntries(names.map((name) => [name, []])));
  return {
    ...source,
    async *streams(ctx, asked) {
      for await (const stream of source.streams(ctx, asked)) yield { ...stream, estimate };
    },
    async *partitions(_ctx, _stream, want) {
      for (let i = 0; i < want; i += 1) yield { id: String(i), range, estimate: null };
    },
  };
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const partsOf = async (source: Source, setting?: Setting) => (await planOf(source, setting)).work.length;

describe('a plan', () => {
  test('names every partition of every stream once, numbered on across its pages', async () => {
    const { pages, work, begun } = await planOf(claiming(150, null), { limits: { concurrency: 3 } });
    expect(pages.length).toBeGreaterThan(1);
    expect(work.map(({ index }) => index)).toEqual(Array.from({ length: 450 }, (_, i) => i));
    expect(new Set(work.map(({ stream, partition }) => `${stream}/${partition.id}`)).size).toBe(450);
    expect(begun).toEqual(pages.map((page) => page.streams.map(({ name }) => name)));
    expect(begun.flat()).toHaveLength(150);
  });

  test('of 100,000 streams looks at each once, and samples each once where a sink needs columns', async () => {
    const [streams, listed] = [100_000, { times: 0 }];
    const source = numbered(streams, listed);
    const sampled = new Map<string, number>();
    const samples: Source = {
      ...source,
      read: (ctx, name, ...rest) => {
        sampled.set(name, (sampled.get(name) ?? 0) + 1);
        return source.read(ctx, name, ...rest);
      },
    };
    const { pages, work } = await planOf(withColumns(source, samples));
    expect(work).toHaveLength(streams);
    expect(pages.length).toBeLessThan(streams / 50);
    expect(listed.times).toBe(streams);
    expect(sampled.size).toBe(streams);
    expect(Math.max(...sampled.values())).toBe(1);
  });

  test('never parts a stream, and says where the next page begins', async () => {
    const { pages } = await planOf(claiming(150, null));
    for (const [i, { streams, work, after }] of pages.entries()) {
      expect(after).toBe(streams.at(-1)?.name ?? pages[i - 1]?.after);
      for (const { name, partitions } of streams) {
        expect(work.filter(({ stream }) => stream === name)).toHaveLength(partitions);
      }
    }
  });

  test('ends in an empty page where the last full one could not know that it was the last', async () => {
    const { pages } = await planOf(claiming(100, 1));
    expect(pages.map(({ work, done, after }) => [work.length, done, after])).toEqual([
      [100, false, '00099'],
      [0, true, '00099'],
    ]);
  });

  test('takes the streams that are named, and refuses one that is not there', async () => {
    const source = createMemorySource({ a: someRecords(3), b: someRecords(3), c: [] });
    const spec = { ...SPEC, source: { connection: 'crm', streams: ['c', 'a'] } };
    expect((await planOf(source, { spec })).begun).toEqual([['a', 'c']]);
    const unknown = { ...SPEC, source: { connection: 'crm', streams: ['d'] } };
    await expect(planOf(source, { spec: unknown })).rejects.toBeInstanceOf(LonghaulError);
  });

  test('works in as many lanes as are asked for, but no more than the source bears', async () => {
    const lanesOf = async (setting: Setting) => (await planOf(claiming(1, 1), setting)).pages[0]?.lanes;
    expect(await lanesOf({})).toBe(4);
    expect(await lanesOf({ spec: { ...SPEC, options: { lanes: 16 } } })).toBe(16);
    expect(await lanesOf({ spec: { ...SPEC, options: { lanes: 16 } }, limits: { concurrency: 2 } })).toBe(2);
  });

  test('passes on how many requests a day the source bears', async () => {
    const quotaOf = async (setting: Setting) =>
      (await planOf(claiming(1, 1), setting)).pages[0]?.requestsPerDay;
    expect(await quotaOf({})).toBeNull();
    expect(await quotaOf({ limits: { requestsPerDay: 15_000 } })).toBe(15_000);
  });
});

describe('a stream in a plan', () => {
  test('is cut only where that pays, and into parts of about a million records', async () => {
    expect(await partsOf(claiming(1, 19_999))).toBe(1);
    expect(await partsOf(claiming(1, 20_000))).toBe(4);
    expect(await partsOf(claiming(1, 10_000_000))).toBe(10);
    expect(await partsOf(claiming(1, 10_000_000_000))).toBe(64);
  });

  test('is cut for every lane where nobody knows how long it is', async () => {
    expect(await partsOf(claiming(1, null), { limits: { concurrency: 3 } })).toBe(3);
  });

  test('is cut into fewer parts where their descriptions are long, and into one at the least', async () => {
    const long = await planOf(claiming(1, 10_000_000_000, 'x'.repeat(1_000)));
    expect(long.work.length).toBeGreaterThan(4);
    expect(bytesOf(long.pages[0])).toBeLessThan(20_000);
    expect(await partsOf(claiming(1, 10_000_000_000, 'x'.repeat(17_000)))).toBe(1);
  });
});

describe('a page of a plan', () => {
  test.for([
    { of: 'tiny streams', source: () => claiming(500, 1) },
    { of: 'streams of many parts', source: () => claiming(20, 1_000_000_000) },
    { of: 'streams of long names', source: () => claiming(300, 1, 'r', 200) },
    { of: 'streams of long descriptions', source: () => claiming(50, 1_000_000_000, 'x'.repeat(2_000)) },
    { of: 'texts of many bytes', source: () => claiming(50, 1_000_000_000, '漢'.repeat(700)) },
  ])('stays small with $of', async ({ source }) => {
    const { pages } = await planOf(source());
    for (const page of pages) {
      expect(page.work.length).toBeLessThanOrEqual(163);
      expect(bytesOf(page)).toBeLessThan(48 * 1_024);
    }
  });

  test('is made without asking for more streams than it holds', async () => {
    let asked = 0;
    const source = claiming(500, 1);
    const counting: Source = {
      ...source,
      async *streams(...args) {
        for (const stream of await collect(source.streams(...args))) {
          asked += 1;
          yield stream;
        }
      },
    };
    const sink = { begin: async () => undefined };
    const open = { source: counting, sink, limits: {} } as unknown as OpenJob;
    const job = { id: 'job-1', spec: SPEC, createdAt: '2026-01-01T00:00:00.000Z' };
    await planPage(open, testContext(), { job, after: null, nextIndex: 0 });
    expect(asked).toBe(100);
  });
});
