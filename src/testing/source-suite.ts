// What every source must do, whatever stands behind it: the guarantees of core/connector.ts, as tests.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cursor, Page, Partition, Source } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import {
  collect,
  partitionsOf,
  payloadText,
  readPages,
  recordsOf,
  recordsOfAll,
  testContext,
} from './reading.js';

/**
 * A source over known, unchanging data, opened anew for each test. At least one stream must take several pages
 * (choose a small page size), and one stream should be empty.
 */
export interface SourceUnderTest {
  readonly source: Source;
  /** What each stream holds: its records as the texts that the source should yield (any order), or their number. */
  readonly expected: ReadonlyMap<string, readonly string[] | number>;
  /** Called after `source.close()`; releases what `open` made. */
  dispose(): Promise<void>;
}

export interface SourceSubject {
  open(): Promise<SourceUnderTest>;
  /** Tests that cannot hold for this source, by title, each with its reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

type SourceTest = (it: SourceUnderTest) => Promise<void>;

const WANTED = [1, 2, 5, 16, 128];
const MANY = 40;
const CURSOR_LIMIT = 8 * 1024;

const TESTS: Readonly<Record<string, SourceTest>> = {
  'lists all its streams sorted by name': async ({ source, expected }) => {
    const names = (await collect(source.streams(testContext()))).map((stream) => stream.name);
    expect(names).toEqual([...expected.keys()].toSorted());
  },

  'lists only the streams that are asked for, sorted by name': async ({ source, expected }) => {
    const asked = [...expected.keys()].toSorted().slice(0, 2);
    const found = await collect(source.streams(testContext(), asked.toReversed()));
    expect(found.map((stream) => stream.name)).toEqual(asked);
  },

  'lists those after a name, whether it leaves out the others or not': async ({ source, expected }) => {
    const [first = '', ...rest] = [...expected.keys()].toSorted();
    const found = await collect(source.streams(testContext(), undefined, first));
    const names = found.map((stream) => stream.name);
    expect(names.filter((name) => name > first)).toEqual(rest);
  },

  'names a stream that it does not have': async ({ source }) => {
    const asking = collect(source.streams(testContext(), ['no-such-stream']));
    await expect(asking).rejects.toMatchObject({ name: 'LonghaulError', code: 'stream_unknown' });
  },

  'gives between one and as many partitions as wanted': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      for (const want of WANTED) {
        const partitions = await partitionsOf(source, name, want);
        expect(partitions.length, `${name}, want ${want}`).toBeGreaterThanOrEqual(1);
        expect(partitions.length, `${name}, want ${want}`).toBeLessThanOrEqual(want);
      }
    }
  },

  'gives partitions ids that are unique and safe as file names, and small ranges': async (it) => {
    for (const name of it.expected.keys()) {
      const partitions = await partitionsOf(it.source, name, 16);
      expect(new Set(partitions.map((partition) => partition.id)).size).toBe(partitions.length);
      for (const { id, range } of partitions) {
        expect(id).toMatch(/^[0-9a-z-]{1,100}$/);
        expectSmallJson(range);
      }
    }
  },

  'reads every record exactly once over all partitions, in the order of one partition': async (it) => {
    for (const name of it.expected.keys()) {
      const whole = recordsOfAll(await readAll(it.source, name, 1));
      expectRecords(whole, it.expected.get(name));
      for (const want of WANTED.slice(1)) {
        const parts = recordsOfAll(await readAll(it.source, name, want));
        expectSame(parts, whole, `${name} in up to ${want} partitions`);
      }
    }
  },

  'goes on from the next of any page with exactly the rest': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      for (const partition of await partitionsOf(source, name, 3)) {
        await expectResumable(source, name, partition);
      }
    }
  },

  'gives the same bytes when it is read twice': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      const [first, second] = [await readAll(source, name, 2), await readAll(source, name, 2)];
      expectSame(first.map(textOf).join(''), second.map(textOf).join(''), name);
    }
  },

  'counts the records of each page right': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      for (const page of await readAll(source, name, 2)) {
        expect(recordsOf(page)).toHaveLength(page.records);
      }
    }
  },

  'yields what the encoding of the stream says, JSON lines being JSON': async ({ source }) => {
    for (const { name, encoding } of await collect(source.streams(testContext()))) {
      for (const page of await readAll(source, name, 1)) {
        expect(page.payload.format).toBe(encoding);
        if (encoding === 'jsonl') for (const line of recordsOf(page)) JSON.parse(line);
      }
    }
  },

  'never changes the bytes of a page that it gave away': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const [partition] = await partitionsOf(source, name, 1);
    const given: { page: Page; asGiven: string }[] = [];
    for await (const page of source.read(testContext(), name, partition!, null)) {
      given.push({ page, asGiven: textOf(page) });
    }
    for (const { page, asGiven } of given) expectSame(textOf(page), asGiven, 'a page, later');
  },

  'gives cursors that survive JSON and are small': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      for (const page of await readAll(source, name, 2)) {
        if (page.next !== null) expectSmallJson(page.next);
      }
    }
  },

  'gives a null next to the last page of a partition at most': async ({ source, expected }) => {
    for (const name of expected.keys()) {
      for (const partition of await partitionsOf(source, name, 3)) {
        const pages = await readPages(source, name, partition);
        for (const page of pages.slice(0, -1)) expect(page.next).not.toBeNull();
      }
    }
  },

  'reads partitions side by side': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const partitions = await partitionsOf(source, name, 4);
    const read = await Promise.all(partitions.map((partition) => readPages(source, name, partition)));
    expectRecords(recordsOfAll(read.flat()), expected.get(name));
  },

  'asks for nothing when it was stopped before it began': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const [partition] = await partitionsOf(source, name, 1);
    const ctx = testContext();
    ctx.halt();
    await expect(collect(source.read(ctx, name, partition!, null))).rejects.toBeInstanceOf(Stopped);
    expect(ctx.requests()).toBe(0);
  },

  'asks for nothing new when it is stopped between pages, and can go on later': async (it) => {
    const name = await longStream(it.source, it.expected);
    const [partition] = await partitionsOf(it.source, name, 1);
    const ctx = testContext();
    const { pages, requestsAtStop } = await readStoppingAfterFirst(it.source, name, partition!, ctx);
    expect(ctx.requests()).toBe(requestsAtStop);
    const last = pages.at(-1)!;
    const rest = last.next === null ? [] : await readPages(it.source, name, partition!, last.next);
    expectRecords(recordsOfAll([...pages, ...rest]), it.expected.get(name));
  },

  'breaks off a request in flight when it is aborted': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const [partition] = await partitionsOf(source, name, 1);
    const ctx = testContext((ctx) => ctx.abort());
    await expect(collect(source.read(ctx, name, partition!, null))).rejects.toBeInstanceOf(Stopped);
    expect(ctx.requests()).toBe(1);
  },

  'holds on to nothing when its reader leaves early': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const [partition] = await partitionsOf(source, name, 1);
    for (let i = 0; i < MANY; i++) await readOnePage(source, name, partition!);
    expectRecords(recordsOfAll(await readPages(source, name, partition!)), expected.get(name));
    await readOnePage(source, name, partition!);
    await source.close();
  },

  'closes while a page is waiting to be taken': async ({ source, expected }) => {
    const name = await longStream(source, expected);
    const [partition] = await partitionsOf(source, name, 1);
    const reading = source.read(testContext(), name, partition!, null)[Symbol.asyncIterator]();
    await reading.next();
    await source.close();
    await reading.return?.();
  },

  'can be closed twice': async ({ source }) => {
    await source.close();
    await source.close();
  },
};

/** Holds one kind of source to the contract. */
export function describeSource(name: string, subject: SourceSubject): void {
  const skipped = new Map(subject.skip?.map(({ test, reason }) => [test, reason]));
  for (const title of skipped.keys()) {
    if (!(title in TESTS)) throw new Error(`the source suite has no test "${title}" to skip`);
  }
  describe(`${name} as a source`, () => {
    let it: SourceUnderTest;
    beforeEach(async () => void (it = await subject.open()));
    afterEach(async () => {
      await it.source.close();
      await it.dispose();
    });
    test.for(Object.entries(TESTS))('%s', async ([title, run], context) => {
      context.skip(skipped.has(title), skipped.get(title));
      expect(await run(it)).toBeUndefined();
    });
  });
}

async function readAll(source: Source, name: string, want: number): Promise<Page[]> {
  const pages: Page[] = [];
  for (const partition of await partitionsOf(source, name, want)) {
    pages.push(...(await readPages(source, name, throughJson(partition))));
  }
  return pages;
}

/** The first stream that takes more than two pages. */
async function longStream(source: Source, expected: SourceUnderTest['expected']): Promise<string> {
  for (const name of expected.keys()) {
    if ((await readAll(source, name, 1)).length > 2) return name;
  }
  throw new Error('the suite needs a stream of more than two pages: choose a smaller page size');
}

async function expectResumable(source: Source, name: string, partition: Partition): Promise<void> {
  const pages = await readPages(source, name, partition);
  for (const index of sample(pages.length)) {
    const next = pages[index]!.next;
    const rest = recordsOfAll(pages.slice(index + 1));
    const again = next === null ? [] : await readPages(source, name, partition, throughJson(next));
    expectSame(recordsOfAll(again), rest, `${name}/${partition.id} after page ${index}`);
  }
}

/** All of few indexes; the first, the last two, and some between of many. */
function sample(length: number): number[] {
  const all = Array.from({ length }, (_, index) => index);
  if (length <= 12) return all;
  const stride = Math.ceil(length / 8);
  return all.filter((index) => index % stride === 0 || index >= length - 2);
}

/** What is in flight at the stop may still come; it ends by `Stopped`, or because all was in flight. */
async function readStoppingAfterFirst(
  source: Source,
  name: string,
  partition: Partition,
  ctx: ReturnType<typeof testContext>,
): Promise<{ pages: Page[]; requestsAtStop: number }> {
  const pages: Page[] = [];
  let requestsAtStop = 0;
  try {
    for await (const page of source.read(ctx, name, partition, null)) {
      pages.push(page);
      if (pages.length > 1) continue;
      requestsAtStop = ctx.requests();
      ctx.halt();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(Stopped);
  }
  return { pages, requestsAtStop };
}

async function readOnePage(source: Source, name: string, partition: Partition): Promise<void> {
  const reading = source.read(testContext(), name, partition, null)[Symbol.asyncIterator]();
  expect((await reading.next()).done).toBe(false);
  await reading.return?.();
}

function expectRecords(records: readonly string[], expected: readonly string[] | number | undefined): void {
  if (expected === undefined) throw new Error('the suite was not told what this stream holds');
  if (typeof expected === 'number') expect(records).toHaveLength(expected);
  else expectSame(records.toSorted(), expected.toSorted(), 'the records, sorted');
}

/** Equality whose failure does not print megabytes. */
function expectSame<T extends string | readonly string[]>(actual: T, expected: T, what: string): void {
  const [got, wanted] = [pieces(actual), pieces(expected)];
  const at = wanted.findIndex((value, index) => value !== got[index]);
  expect(got[at], `${what}, at ${at}`).toBe(wanted[at]);
  expect(got.length, `length of ${what}`).toBe(wanted.length);
}

function pieces(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? value.split('\n') : value;
}

function expectSmallJson(value: Cursor): void {
  expect(throughJson(value)).toEqual(value);
  expect(JSON.stringify(value).length).toBeLessThan(CURSOR_LIMIT);
}

/** As it comes back from Temporal. */
function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function textOf(page: Page): string {
  return payloadText(page.payload);
}
