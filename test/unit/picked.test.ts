// A range of keys leaves of each page what is in it, and nothing else of the source changes.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { picked, type KeyRange } from '../../src/activities/picked.js';
import type { Page, Source, Stream } from '../../src/core/connector.js';
import { compareKeys } from '../../src/records/keys.js';
import { createMemorySource } from '../support/memory-source.js';
import { collect, partitionsOf, readPages, recordsOfAll, testContext } from '../support/reading.js';
import { csvPage } from '../support/writing.js';

const recordOf = (id: number): string => `{"id":${id},"text":"${'x'.repeat(Math.abs(id % 7))}"}`;
const RECORDS = Array.from({ length: 57 }, (_, index) => recordOf(index - 20));

async function pagesOf(source: Source, stream = 'contacts'): Promise<Page[]> {
  const pages: Page[] = [];
  for (const partition of await partitionsOf(source, stream, 3)) {
    pages.push(...(await readPages(source, stream, partition)));
  }
  return pages;
}

describe('a range of keys', () => {
  test('picks the records from `from` on and before `to`, with pages and cursors as they are without it', async () => {
    const bound = fc.option(fc.integer({ min: -25, max: 40 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(bound, bound, async (from, to) => {
        const keys: KeyRange = {
          ...(from !== undefined && { from: [from] }),
          ...(to !== undefined && { to: [to] }),
        };
        const source = createMemorySource({ contacts: RECORDS });
        const pages = await pagesOf(picked(source, keys));
        const whole = await pagesOf(source);
        const expected = RECORDS.filter((_, index) => index - 20 >= (from ?? -99) && index - 20 < (to ?? 99));
        expect(recordsOfAll(pages)).toEqual(expected);
        expect(pages.map((page) => page.next)).toEqual(whole.map((page) => page.next));
        for (const page of pages) expect(recordsOfAll([page])).toHaveLength(page.records);
      }),
      { numRuns: 50 },
    );
  });

  test('goes on at a cursor of the whole stream', async () => {
    const source = picked(createMemorySource({ contacts: RECORDS }), { from: ['0'] });
    const [partition] = await partitionsOf(source, 'contacts', 1);
    const pages = await readPages(source, 'contacts', partition!, 30);
    expect(recordsOfAll(pages)).toEqual(RECORDS.slice(30));
  });

  test('with fewer fields than the key begins and ends with all that they begin', async () => {
    const pages = await pagesOf(picked(csvSource(['id', 'text']), { from: ['2'], to: ['3', 'b'] }), 'rows');
    expect(recordsOfAll(pages)).toEqual(['2,', '2,a', '2,b', '3,a']);
  });

  test('picks exact numbers that a double cannot hold', async () => {
    const records = ['9007199254740992', '9007199254740993', '9007199254740994'].map((id) => `{"id":${id}}`);
    const source = createMemorySource({ contacts: records });
    const range = { from: ['9007199254740993'], to: ['9007199254740994'] };
    expect(recordsOfAll(await pagesOf(picked(source, range)))).toEqual([records[1]]);
  });

  test('passes on a page that has only rejects', async () => {
    const reject = { code: 'archive_damaged', message: 'gone', records: 2, payload: null } as const;
    const lost: Page = {
      ...csvPage(),
      payload: { format: 'csv', header: new Uint8Array(), chunks: [] },
      rejects: [reject],
    };
    const pages = await pagesOf(picked(csvSource(['id'], [lost]), { from: ['1'] }), 'rows');
    expect(pages).toEqual([lost]);
  });

  test.for<[string, readonly string[], KeyRange, string]>([
    ['has no key', [], { from: ['1'] }, 'has no key'],
    ['has a shorter key', ['id'], { to: ['1', '2'] }, 'has 1 field (id)'],
  ])('is refused by name for a stream that %s', async ([, key, range, message]) => {
    const listing = collect(picked(csvSource(key), range).streams(testContext()));
    const refused = {
      code: 'spec_invalid',
      message: expect.stringMatching(`rows.*${message.replace(/[()]/g, '.')}`) as string,
    };
    await expect(listing).rejects.toMatchObject(refused);
  });

  test('is refused where a number cannot be told as it stands', () => {
    const refused = expect.objectContaining({
      code: 'spec_invalid',
      message: expect.stringContaining('1e-7') as string,
    }) as object;
    expect(() => picked(csvSource(['id']), { from: [1e-7] })).toThrow(refused);
    expect(compareKeys([BigInt(1e21).toString()], ['1000000000000000000000'])).toBe(0);
  });
});

function csvSource(
  key: readonly string[],
  pages = [csvPage('1,', '2,', '2,a'), csvPage('2,b', '3,a', '3,b')],
): Source {
  const rows: Stream = { name: 'rows', key, encoding: 'csv', schema: null, estimate: null };
  return {
    async *streams() {
      yield rows;
    },
    async *partitions() {
      yield { id: '0', range: null, estimate: null };
    },
    async *read() {
      yield* pages;
    },
    close: async () => undefined,
  };
}
