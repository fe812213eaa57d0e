// The CSV of PostgreSQL as bytes: records are found, counted and cut right wherever the bytes are torn apart.
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import type { Connection } from 'pg';
import { describe, expect, test } from 'vitest';
import { fieldsOf, headerLine } from '../../src/records/csv.js';
import { createCopyOut } from '../../src/connectors/postgres/copy-out.js';
import { createFramer, type RowBytes } from '../../src/connectors/postgres/framer.js';
import { type CutPage, cutPages, type PageSize } from '../../src/connectors/postgres/pages.js';
import { until } from '../support/until.js';

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
        const pages = await cut(rows.map(line), size, piece);
        const bytes = Buffer.concat(pages.flatMap(({ chunks }) => chunks));
        expect(bytes).toEqual(Buffer.from(rows.map(line).join('')));
      }),
    );
  });

  test('counts the records of each page, and finds the fields of its last one', async () => {
    await fc.assert(
      fc.asyncProperty(table, pageSize, fc.integer({ min: 1, max: 64 }), async (rows, size, piece) => {
        let seen = 0;
        for (const page of await cut(rows.map(line), size, piece)) {
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
    const pages = await cut(rows.map(line), { records: 5 }, 7);
    expect(pages.map(({ records, last }) => [records, last])).toEqual([
      [5, false],
      [5, false],
      [5, false],
      [5, false],
      [5, true],
    ]);
  });

  test('gives one empty page for no records', async () => {
    const pages = await cut([], { records: 5 }, 1);
    expect(pages).toMatchObject([{ chunks: [], records: 0, lastRecord: Buffer.alloc(0), last: true }]);
  });

  test('refuses to end where the server counts other than it does', async () => {
    const rows = ['1\n', '2\n'];
    await expect(cut(rows, { records: 5 }, 1, 3)).rejects.toMatchObject({ code: 'internal' });
    await expect(cut([...rows, '"'], { records: 5 }, 1, 3)).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('the messages of a COPY', () => {
  const ending = Buffer.concat([message('c', ''), message('C', 'COPY 1\0'), message('Z', 'T')]);

  test.for([1, 2, 5, 6, 1_000])('end with the first one of another kind, in pieces of %i bytes', (piece) => {
    const bytes = Buffer.concat([...messagesOf(['a,"\n"\n']), ending]);
    const framer = createFramer();
    const rows: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += piece) {
      const { rest, ...some } = framer.feed(Buffer.from(bytes.subarray(at, at + piece)));
      rows.push(some.bytes);
      if (rest === null) continue;
      expect(Buffer.concat(rows).toString()).toBe('a,"\n"\n');
      expect(Buffer.concat([rest, bytes.subarray(at + piece)])).toEqual(ending);
      return;
    }
    expect.unreachable('it has an end');
  });

  test('end no row where they end no line', () => {
    const split = Buffer.concat([message('d', '1,'), message('d', '2\n')]);
    const { bytes, ends } = createFramer().feed(split);
    expect(Buffer.from(bytes).toString()).toBe('1,2\n');
    expect(ends).toEqual([4]);
  });
});

test('whoever waits for rows goes on waiting where all that came was taken before', async () => {
  const connection = new PassThrough();
  const copy = createCopyOut('COPY t TO STDOUT');
  connection.on('data', () => undefined);
  copy.submit({ stream: connection, query: () => undefined } as unknown as Connection);
  connection.write(message('d', '1\n'));
  await until('a row is there', () => connection.readableLength === 0);
  expect(await copy.next()).toHaveLength(1);
  const next = copy.next();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  connection.write(message('d', '2\n'));
  expect((await next)?.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['2\n']);
  copy.handleReadyForQuery();
  expect(await copy.next()).toBeNull();
});

describe('the header line', () => {
  test('quotes the names that need it, like a record', () => {
    expect(Buffer.from(headerLine(['id', 'a,b', 'c"d', 'e\nf', ' g '])).toString()).toBe(
      'id,"a,b","c""d","e\nf", g \n',
    );
  });
});

async function cut(
  rows: readonly string[],
  size: PageSize,
  piece: number,
  records = rows.length,
): Promise<CutPage[]> {
  const pages: CutPage[] = [];
  const copy = { rows: torn(Buffer.concat(messagesOf(rows)), piece), records: () => records };
  for await (const page of cutPages(copy, size)) pages.push(page);
  return pages;
}

async function* torn(bytes: Buffer, piece: number): AsyncGenerator<RowBytes[]> {
  const framer = createFramer();
  for (let at = 0; at < bytes.length; at += piece)
    yield [framer.feed(Buffer.from(bytes.subarray(at, at + piece)))];
}

/** As a server sends them: an answer first, a message a row, and a notice whenever it likes. */
function messagesOf(rows: readonly string[]): Buffer[] {
  const notice = message('N', 'SWARNING\0\0');
  return [
    message('H', '\0\0\0'),
    ...rows.flatMap((row, place) => [message('d', row), ...(place % 3 === 0 ? [notice] : [])]),
  ];
}

function message(code: string, content: string): Buffer {
  const body = Buffer.from(content);
  const head = Buffer.from(`${code}....`);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A record as COPY prints it: NULL is nothing, an empty text is quoted. */
function line(fields: readonly Field[]): string {
  return `${fields.map(printed).join(',')}\n`;
}

function printed(value: Field): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
