// The pages of an archive are the same for whoever reads them again: however stored bytes arrive, wherever reading began.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { segmentPages } from '../../src/archive/segment-pages.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { Encoding, Page } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';
import { createCutter } from '../../src/records/cutter.js';
import { ARCHIVE, sealedArchive } from '../support/archives.js';
import { collect, partitionsOf, readPages, recordsOf, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { csvPage, jsonPage, stream, type Work } from '../support/writing.js';

const lines = fc.array(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `${JSON.stringify(text)}\n`),
  { maxLength: 30 },
);
const rows = fc.array(
  fc
    .array(fc.constantFrom('a', '""', ',', '\n', 'é'), { maxLength: 6 })
    .map((parts) => `1,"${parts.join('')}"\n`),
  { maxLength: 30 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
const segments = fc.oneof(
  lines.map((records) => ({ encoding: 'jsonl' as Encoding, header: '', records })),
  rows.map((records) => ({ encoding: 'csv' as Encoding, header: 'id,text\n', records })),
);

describe('runs of records', () => {
  test('end with the record that fills them, however the bytes come', () => {
    const limits = fc.record({
      bytes: fc.integer({ min: 1, max: 60 }),
      records: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(segments, sizes, limits, ({ encoding, records }, chunkSizes, most) => {
        const cutter = createCutter(encoding, most);
        const found: number[] = [];
        let counted = 0;
        let at = 0;
        for (const chunk of chunked(Buffer.from(records.join('')), chunkSizes)) {
          for (const run of cutter.cut(chunk)) {
            found.push(at + run.end);
            counted += run.records;
          }
          at += chunk.length;
        }
        expect(found).toEqual(endsOf(records, most));
        expect(counted + cutter.open()).toBe(records.length);
        expect(cutter.isWhole()).toBe(true);
      }),
    );
  });
});

describe('the pages of a segment', () => {
  test('are the same from any page on, however its bytes come from the store', async () => {
    const property = fc.asyncProperty(
      segments,
      sizes,
      sizes,
      fc.integer({ min: 1, max: 6 }),
      async ({ encoding, header, records }, once, again, most) => {
        const bytes = Buffer.from(header + records.join(''));
        const read = (chunkSizes: readonly number[], skip: number) =>
          collect(
            segmentPages(
              testContext(),
              { store: storeOf(bytes, chunkSizes), archive: 'a', compression: 'none', encoding },
              lineOf(bytes, records.length),
              { skip, records: most },
            ),
          );
        const pages = await read(once, 0);
        expect(pages.flatMap(({ page }) => recordsOf(page as Page))).toEqual(
          records.map((record) => record.slice(0, -1)),
        );
        for (const [place, { end }] of pages.entries())
          expect((await read(again, end)).map(textOf)).toEqual(pages.slice(place + 1).map(textOf));
      },
    );
    await fc.assert(property);
    expect.hasAssertions();
  });

  test.for(['zstd', 'gzip', 'none'] as const)(
    'end at the first record beyond a MiB, compressed by %s',
    async (compression) => {
      const records = someRecords(30_000);
      const archive = await sealedArchive(workOf(records), { compression });
      const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'fail' });
      const [partition] = await partitionsOf(source, 'contacts', 1);
      const pages = await readPages(source, 'contacts', partition!);
      expect(pages.map((page) => page.records)).toEqual(
        countsOf(
          records.map((record) => `${record}\n`),
          { bytes: 1_048_576, records: Infinity },
        ),
      );
      await archive.dispose();
    },
  );

  test('have no more records than a reader wants of a stream', async () => {
    const archive = await sealedArchive(workOf(someRecords(25)));
    const source = createArchiveSource(archive.store, ARCHIVE, {
      onDamage: 'fail',
      pageRecords: (name) => (name === 'contacts' ? 10 : 2),
    });
    const counts = async (name: string) => {
      const [partition] = await partitionsOf(source, name, 1);
      return (await readPages(source, name, partition!)).map((page) => page.records);
    };
    expect(await counts('contacts')).toEqual([10, 10, 5]);
    // The header line takes a place on the first page.
    expect(await counts('rows')).toEqual([1, 2]);
    await archive.dispose();
  });
});

function textOf({ page, end }: { page: Omit<Page, 'next'>; end: number }) {
  return [end, page.records, Buffer.concat([...page.payload.chunks]).toString('utf8')];
}

function workOf(records: readonly string[]): Work {
  const part = (name: string, page: Page, index: number) => ({
    target: { stream: name, partition: '0', index },
    flushes: [[page]],
  });
  return {
    streams: [stream('contacts'), stream('rows', 'csv')],
    parts: [part('contacts', jsonPage(...records), 0), part('rows', csvPage('1,a', '2,b', '3,c'), 1)],
  };
}

/** As one would say it with all records in hand. */
function countsOf(records: readonly string[], limits: { bytes: number; records: number }): number[] {
  const counts: number[] = [];
  let open = { bytes: 0, records: 0 };
  for (const record of records) {
    open = { bytes: open.bytes + Buffer.byteLength(record), records: open.records + 1 };
    if (open.bytes < limits.bytes && open.records < limits.records) continue;
    counts.push(open.records);
    open = { bytes: 0, records: 0 };
  }
  return open.records > 0 ? [...counts, open.records] : counts;
}

/** Of the runs that are full. */
function endsOf(records: readonly string[], limits: { bytes: number; records: number }): number[] {
  let taken = 0;
  return countsOf(records, limits)
    .map((count) => {
      const run = records.slice(taken, taken + count);
      taken += count;
      const bytes = Buffer.byteLength(run.join(''));
      const isFull = bytes >= limits.bytes || count >= limits.records;
      return isFull ? Buffer.byteLength(records.slice(0, taken).join('')) : null;
    })
    .filter((end) => end !== null);
}

/** Pieces of these sizes, over and over. */
function* chunked(bytes: Buffer, chunkSizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = chunkSizes[i % chunkSizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function lineOf(bytes: Buffer, records: number) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const size = { bytes: bytes.length, storedBytes: bytes.length };
  return { stream: 's', partition: '0', seq: 0, path: 's/0/0.jsonl', records, ...size, sha256 };
}

function storeOf(bytes: Buffer, chunkSizes: readonly number[]): Store {
  async function* read() {
    yield* chunked(bytes, chunkSizes);
  }
  return { read } as unknown as Store;
}
