// Every type and every value of PostgreSQL comes out of an export as it is in the database: told by readers that share
// nothing with what wrote it, PostgreSQL itself and pyarrow.
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ExportedAs } from '../../src/export/format.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { pyarrowMissing, readParquet, type Told, type ToldFile } from '../support/apps/pyarrow.js';
import { copyOut } from '../support/copy-out.js';
import { exportOf, sourceOf, type Exported } from '../support/exporting.js';
import { NASTY_TABLES, TABLES } from '../support/nasty-tables.js';
import { columnsOf, TYPED, valuesOf } from '../support/told-tables.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';

const STREAMS = [...TABLES.map(({ stream }) => stream), 'typed'].toSorted();
const PLACES = [...TABLES, { stream: 'typed', table: 'typed', key: 'id' }];

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
  await sql(postgres.url, NASTY_TABLES + TYPED);
});
afterAll(() => postgres.close());

async function exported(as: ExportedAs, fileBytes?: number): Promise<Exported> {
  const found = await exportOf({
    source: sourceOf(postgres.url, 300),
    as,
    streams: STREAMS,
    ...(fileBytes && { fileBytes }),
  });
  onTestFinished(() => found.dispose());
  expect(found.content.streams.map(({ name }) => name)).toEqual(STREAMS);
  return found;
}

/** Each of these takes seconds, and a machine may have more to do. */
const timeout = 120_000;

describe('CSV of PostgreSQL tables', { timeout }, () => {
  test('is the same, byte for byte, as its own COPY of the whole table', async () => {
    const files = await exported({ format: 'csv', compression: 'none' });
    for (const { stream, table, key } of PLACES) {
      const told = await copyOut(postgres.url, table, key);
      expect([stream, String(await files.bytesOf(stream))]).toEqual([stream, told.toString()]);
    }
  });

  test('cut into files, has a header in each, and every file reads back by COPY', async () => {
    const files = await exported({ format: 'csv', compression: 'gzip' }, 10_000);
    expect(files.pathsOf('by_text').length).toBeGreaterThan(3);
    const url = await emptied();
    for (const { stream, table, key } of PLACES) {
      for (const file of await files.bytesOf(stream)) await copyIn(url, table, file);
      expect(await copyOut(url, table, key)).toEqual(await copyOut(postgres.url, table, key));
    }
  });
});

describe('JSON lines of PostgreSQL tables', { timeout }, () => {
  test('hold every value: PostgreSQL makes the same rows of them', async () => {
    const files = await exported({ format: 'jsonl', compression: 'zstd' });
    const url = await emptied();
    for (const { stream, table, key } of PLACES) {
      await sql(url, 'CREATE TABLE lines (line text)');
      const lines = linesOf(await files.bytesOf(stream)).filter((line) => !line.includes(':"\\u0000"'));
      await copyLines(url, lines);
      await sql(
        url,
        `INSERT INTO ${table} OVERRIDING SYSTEM VALUE
         SELECT r.* FROM lines, json_populate_record(NULL::${table}, line::json) r; DROP TABLE lines`,
      );
      const told =
        stream === 'every_type' ? await copyOut(url, 'held', 'id') : await copyOut(postgres.url, table, key);
      expect([stream, String(await copyOut(url, table, key))]).toEqual([stream, told.toString()]);
    }
  });

  test('have numbers with every digit, booleans, JSON as it is, and NULL as null', async () => {
    const files = await exported({ format: 'jsonl', compression: 'none' });
    const lines = linesOf(await files.bytesOf('every_type')).join('\n');
    for (const part of [
      ':9223372036854775807,',
      ':1.10,',
      ':"NaN",',
      ':-0.000000000000000000000000000001,',
      ':1234567890123456.7800,',
      ':true,',
      ':"\\u0000",',
      ':{"b":1.10,"a":1e400,"a":2},',
      ':{"raw":  [1,\t2]},',
      '"c9":"line\\nbreak\\r\\nand\\ttab"',
      '"c9":"",',
    ]) {
      expect(lines).toContain(part);
    }
  });
});

/** JSON has one null, and no line ends between tokens on a line; PostgreSQL takes no U+0000 out of JSON. */
const AS_JSON_HOLDS_IT = `
  CREATE TABLE held AS SELECT * FROM every_type WHERE c27::text IS DISTINCT FROM '"\\u0000"';
  UPDATE held SET c28 = nullif(c28, 'null'),
    c27 = CASE WHEN c27::text <> 'null' THEN replace(c27::text, E'\\n', ' ')::json END;`;

/** A database with the same tables, and nothing in them. */
async function emptied(): Promise<string> {
  const url = await postgres.database();
  await sql(url, NASTY_TABLES + TYPED + AS_JSON_HOLDS_IT);
  await sql(url, `TRUNCATE ${PLACES.map(({ table }) => table).join()}`);
  return url;
}

async function copyIn(url: string, table: string, csv: Buffer): Promise<void> {
  await copyStream(url, `COPY ${table} FROM STDIN (FORMAT csv, HEADER MATCH)`, csv);
}

function linesOf(files: readonly Buffer[]): string[] {
  return Buffer.concat(files).toString('utf8').split('\n').slice(0, -1);
}

/** A line a row: with marks for quotes and ends of fields that the lines do not hold. */
async function copyLines(url: string, lines: readonly string[]): Promise<void> {
  const csv = lines.map((line) => `"${line.replaceAll('"', '""')}"\n`).join('');
  await copyStream(url, 'COPY lines FROM STDIN (FORMAT csv)', Buffer.from(csv));
}

async function copyStream(url: string, statement: string, bytes: Buffer): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await pipeline(Readable.from([bytes]), client.query(copyFrom(statement)));
  } finally {
    await client.end();
  }
}

describe('Parquet of PostgreSQL tables', async () => {
  const missing = await pyarrowMissing();

  test(
    'keeps types and every value, as pyarrow reads them',
    async (context) => {
      context.skip(missing !== null, missing ?? undefined);
      const files = await exported({ format: 'parquet', compression: 'none' });
      for (const { stream, table, key } of PLACES) {
        const [file] = files.pathsOf(stream);
        const told = await readParquet(file!);
        const columns = await columnsOf(postgres.url, table);
        for (const { name, type } of columns) {
          const values = await valuesOf(postgres.url, { table, key }, name, type);
          expect([stream, name, type, told.columns[name]]).toEqual([stream, name, type, values]);
        }
        const others = Object.keys(told.columns).filter(
          (name) => !columns.some((column) => column.name === name),
        );
        expect([[], ['_extra']]).toContainEqual(others);
      }
    },
    INSTALL_TIMEOUT_MS,
  );

  test(
    'keeps in `_extra` what no column can hold, and counts it',
    async (context) => {
      context.skip(missing !== null, missing ?? undefined);
      const files = await exported({ format: 'parquet', compression: 'none' });
      const every = await readParquet(files.pathsOf('every_type')[0]!);
      expect(extrasOf(every)).toEqual([
        '{"c13":"infinity"}',
        '{"c13":"-infinity"}',
        '{"c13":"0044-03-15 BC"}',
        '{"c14":"24:00:00"}',
        '{"c16":"infinity"}',
        '{"c16":"0001-01-01 00:00:00 BC"}',
        '{"c17":"-infinity"}',
        '{"c29":"{{1,2},{3,4}}"}',
        '{"c29":"[0:1]={7,8}"}',
      ]);
      const typed = await readParquet(files.pathsOf('typed')[0]!);
      expect(extrasOf(typed).map((text) => JSON.parse(String(text)) as unknown)).toEqual([
        {
          at: 'infinity',
          local: '-infinity',
          day: '0044-03-15 BC',
          clock: '24:00:00',
          moments: '{infinity}',
          prices: '{NaN}',
          words: '[0:1]={x,y}',
        },
      ]);
      expect(
        files.content.streams.map(({ name, extra }) => [name, extra]).filter(([, extra]) => extra !== 0),
      ).toEqual([
        ['every_type', 9],
        ['typed', 1],
      ]);
      expect(files.summary.notes).toEqual([
        '9 records of stream every_type keep values in the column _extra that their own columns cannot hold.',
        '1 records of stream typed keep values in the column _extra that their own columns cannot hold.',
      ]);
    },
    INSTALL_TIMEOUT_MS,
  );

  test(
    'has the schema that export.json tells, and row groups of many pieces',
    async (context) => {
      context.skip(missing !== null, missing ?? undefined);
      const files = await exported({ format: 'parquet', compression: 'none' });
      const { schema, rowGroups } = await readParquet(files.pathsOf('typed')[0]!);
      expect(rowGroups).toBeGreaterThan(5);
      expect(schema).toEqual([
        'id: int64 not null',
        'small: int16 not null',
        'digits: decimal128(38, 10)',
        'cents: decimal128(9, 2)',
        'whole: decimal128(18, 0)',
        'tiny: string',
        'at: timestamp[us, tz=UTC]',
        'local: timestamp[us]',
        'day: date32[day]',
        'clock: time64[us]',
        'label: string not null',
        'raw: binary',
        'flag: bool',
        expect.stringMatching(/^docs: (string|extension<arrow.json>)$/),
        'moments: list<element: timestamp[us, tz=UTC]>',
        'prices: list<element: decimal128(7, 2)>',
        'words: list<element: string>',
        'half: float',
        expect.stringMatching(/^_extra: /),
      ]);
      const typed = files.content.streams.find(({ name }) => name === 'typed');
      expect(typed?.schema?.columns.slice(0, 7)).toEqual([
        { name: 'id', type: 'INT64', sourceType: 'bigint' },
        { name: 'small', type: 'INT16', sourceType: 'smallint' },
        { name: 'digits', type: 'DECIMAL(38,10)', sourceType: 'numeric(38,10)' },
        { name: 'cents', type: 'DECIMAL(9,2)', sourceType: 'numeric(9,2)' },
        { name: 'whole', type: 'DECIMAL(18,0)', sourceType: 'numeric(18,0)' },
        { name: 'tiny', type: 'STRING', sourceType: 'numeric(3,-2)' },
        { name: 'at', type: 'TIMESTAMP(MICROS,UTC)', sourceType: 'timestamp with time zone' },
      ]);
      const vacant = await readParquet(files.pathsOf('vacant')[0]!);
      expect(vacant).toEqual({
        schema: ['id: int32 not null', 'note: string'],
        rowGroups: 0,
        columns: { id: [], note: [] },
      });
      expect((await readFile(files.pathsOf('vacant')[0]!)).length).toBeLessThan(400);
    },
    INSTALL_TIMEOUT_MS,
  );
});

test.for([
  ['csv', '\n\n'],
  ['jsonl', '{}\n'],
] as const)('a table without columns keeps its rows in %s', async ([format, text]) => {
  const as = { format, compression: 'none' } as const;
  const files = await exportOf({ source: sourceOf(postgres.url), as, streams: ['no_columns'] });
  expect([files.summary.records, String(await files.bytesOf('no_columns'))]).toEqual([1, text]);
  await files.dispose();
});

function extrasOf({ columns }: ToldFile): Told[] {
  return columns['_extra']!.filter((value) => value !== null);
}
