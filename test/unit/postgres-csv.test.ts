// The CSV of PostgreSQL as bytes: records are found, counted and cut right wherever the bytes are torn apart.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf, headerLine } from '../../src/records/csv.js';
import { type CutPage, cutPages, type PageSize } from '../../src/connectors/postgres/pages.js';

type Field = string | null;

const field = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', '\\', '.', '🚚'), maxLength: 8 }),
);
const table = fc
  .integer({ min: 1, max: 4 })
  .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 30 }));
const pageSize: fc.Arbitrary<PageSize> = fc.oneof(
  fc.integer({ min: 1, max: 10 }).map((records) => ({ records })),
  fc.integer({ min: 1, max: 200 }).map((bytes) => ({ bytes })),
);

describe('cutting a COPY into pages', () => {
  test('gives back every byte, whatever the pieces it came in and the size of pages', async () => {
    await fc.assert(
      fc.asyncProperty(table, pageSize, fc.integer({ min: 1, max: 64 }), async (rows, size, piece) => {
        const bytes = Buffer.from(rows.map(line).join(''));
        const pages = await cut(bytes, rows.length, size, piece);
        expect(Buffer.concat(pages.flatMap(({ chunks }) => chunks))).toEqual(bytes);
      }),
    );
  });

  test('counts the records of each page, and finds the fields of its last one', async () => {
    await fc.assert(
      fc.asyncProperty(table, pageSize, fc.integer({ min: 1, max: 64 }), async (rows, size, piece) => {
        let seen = 0;
        for (const page of await cut(Buffer.from(rows.map(line).join('')), rows.length, size, piece)) {
          const text = rows
            .slice(seen, seen + page.records)
            .map(line)
            .join('');
          expect(Buffer.concat(page.chunks).toString()).toBe(text);
          seen += page.records;
          const last = page.records > 0 ? rows[seen - 1]! : [];
          expect(fieldsOf(page.lastRecord, [...last.keys()])).toEqual(last);
        }
        expect(seen).toBe(rows.length);
      }),
    );
  });

  test('fills every page but the last to exactly the records asked for', async () => {
    const rows = Array.from({ length: 25 }, (_, index) => [String(index)]);
    const pages = await cut(Buffer.from(rows.map(line).join('')), 25, { records: 5 }, 7);
    expect(pages.map(({ records, last }) => [records, last])).toEqual([
      [5, false],
      [5, false],
      [5, false],
      [5, false],
      [5, true],
    ]);
  });

  test('gives one empty page for no records', async () => {
    const pages = await cut(Buffer.alloc(0), 0, { records: 5 }, 1);
    expect(pages).toEqual([{ chunks: [], records: 0, lastRecord: Buffer.alloc(0), last: true }]);
  });

  test('refuses to end where the server counts other than it does', async () => {
    await expect(cut(Buffer.from('1\n2\n'), 3, { records: 5 }, 1)).rejects.toMatchObject({
      code: 'internal',
    });
    await expect(cut(Buffer.from('1\n2\n"'), 3, { records: 5 }, 1)).rejects.toMatchObject({
      code: 'internal',
    });
  });
});

describe('the header line', () => {
  test('quotes the names that need it, like a record', () => {
    expect(Buffer.from(headerLine(['id', 'a,b', 'c"d', 'e\nf', ' g '])).toString()).toBe(
      'id,"a,b","c""d","e\nf", g \n',
    );
  });
});

async function cut(bytes: Buffer, records: number, size: PageSize, piece: number): Promise<CutPage[]> {
  const pages: CutPage[] = [];
  const copy = { bytes: torn(bytes, piece), records: () => records };
  for await (const page of cutPages(copy, size)) pages.push(page);
  return pages;
}

async function* torn(bytes: Buffer, piece: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

/** A record as COPY prints it: NULL is nothing, an empty text is quoted. */
function line(fields: readonly Field[]): string {
  return `${fields.map(printed).join(',')}\n`;
}

function printed(value: Field): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
