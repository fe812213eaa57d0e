// What PostgreSQL prints is what a page holds, byte for byte: every type that has ever been bent on the way, every key.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cursor, Page, Partition, Source } from '../../src/core/connector.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import { copyCsv, sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { partitionsOf, payloadText, readPages, testContext } from '../support/reading.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  await sql(server.url, TYPES);
});
afterAll(() => server.close());

const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'so "so", ok', '', 'happy');
  CREATE TYPE pair AS (a text, b numeric);
  CREATE EXTENSION citext;
  CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE DOMAIN oddly AS citext CHECK (length(VALUE::text) > 1)`;

const VALUES: Readonly<Record<string, readonly string[]>> = {
  numeric: [
    '1.10',
    "'NaN'",
    "'Infinity'",
    '1234567890123456789012345678901234567890.0000000001',
    '-0.00',
    '1e-30',
  ],
  bigint: ['9223372036854775807', "'-9223372036854775808'", '9007199254740993'],
  float8: ["'NaN'", "'-Infinity'", "'-0'", '5e-324', '0.1', '1.7976931348623157e308'],
  float4: ['0.1', '16777217', "'NaN'"],
  money: ["'12.34'"],
  bytea: ["'\\x00ff0a0d22'", "''"],
  timestamptz: ["'infinity'", "'2024-02-29 23:59:59.999999+05:30'", "'0044-03-15 BC'"],
  timestamp: ["'2024-02-29 00:00:00.000001'", "'-infinity'"],
  date: ["'0001-01-01'", "'5874897-12-31'"],
  'time with time zone': ["'24:00:00-07:52:58'"],
  interval: ["'-1 year +2 mons -3 days 04:05:06.789'", "'00:00:00'"],
  'text[]': [`ARRAY['a,b', NULL, '', 'NULL', '"', E'\\n', '{}']`, "'{}'", `'[2:3]={x,y}'`],
  'int[][]': ["'{{1,2},{3,NULL}}'"],
  jsonb: [`'{"b": 1.10, "a": [1e400, "\\u00e9 🚚"], "": null}'`, "'null'"],
  json: [`E'{ "b" : 1.10,\\n  "b": 12345678901234567890,\\r\\n "x": "\\\\u0041" }'`],
  text: [
    "''",
    "'NULL'",
    `E'\\\\.'`,
    `E'\\\\N'`,
    `E'a"b""c'`,
    `E'\\n'`,
    `E'\\r\\n'`,
    `E'\\t, ;'`,
    "'👩‍👩‍👧 ü e\u0301'",
    "' '",
  ],
  'char(5)': ["'ab'", "''"],
  mood: [`'so "so", ok'`, "''"],
  inet: ["'10.0.0.1/8'", "'::1'"],
  int4range: ["'[1,5)'", "'empty'", "'(,)'"],
  tstzmultirange: [`'{["2024-01-01 00:00+02","2024-01-02"), [2025-01-01,infinity]}'`],
  uuid: ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
  'bit varying': ["B'0101'", "B''"],
  xml: [`'<a b="c">&#x1F69A;</a>'`],
  point: ["'(0.1,-0)'"],
  tsvector: [`'''it''''s'':1A "q":2'`],
  boolean: ['true', 'false'],
  pair: [`ROW('a,b', NULL)`, `ROW('', 1.50)`],
  regclass: [`'pg_class'`],
};

const UNUSUAL = [
  "timezone = 'Asia/Tokyo'",
  "datestyle = 'German'",
  'extra_float_digits = -15',
  "bytea_output = 'escape'",
  "intervalstyle = 'iso_8601'",
  "client_encoding = 'LATIN1'",
];

describe('the bytes of a page', () => {
  test.each(Object.entries(VALUES))('are those that the server prints for %s', async (type, literals) => {
    const { url } = server;
    const rows = literals.map((literal, id) => `(${id}, ${literal}::${type})`);
    await remake(
      `CREATE TABLE t (id int PRIMARY KEY, value ${type}); INSERT INTO t VALUES ${rows.join(', ')}, (-1, NULL)`,
    );
    expect(await readCsv(url, 't')).toBe(await printed(url, 'SELECT * FROM t ORDER BY id'));
  });

  test('do not depend on the settings of role and database', async () => {
    const url = await server.database();
    await sql(
      url,
      `CREATE TABLE t (id int PRIMARY KEY, a timestamptz, b float8, c bytea, d interval);
      INSERT INTO t VALUES (1, '2024-01-01 12:00+00', 0.1::float8 + 0.2::float8, 'x', '1 day 2 hours')`,
    );
    const before = await readCsv(url, 't');
    const database = new URL(url).pathname.slice(1);
    for (const setting of UNUSUAL) await sql(url, `ALTER DATABASE ${database} SET ${setting}`);
    expect(await readCsv(url, 't')).toBe(before);
    expect(before).toContain('2024-01-01 12:00:00+00,0.30000000000000004,\\x78,1 day 02:00:00');
  });

  test('hold generated columns, and not those that were dropped', async () => {
    const url = await server.database();
    await sql(
      url,
      `CREATE TABLE t (gone int, id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED,
      thrice int GENERATED ALWAYS AS (id * 3) VIRTUAL); INSERT INTO t (id) VALUES (1), (2); ALTER TABLE t DROP gone`,
    );
    expect(await readCsv(url, 't')).toBe('id,twice,thrice\n1,2,3\n2,4,6\n');
  });

  test('begin with the header that the server would write', async () => {
    const url = await server.database();
    await sql(
      url,
      `CREATE TABLE "A ""t" ("id" int PRIMARY KEY, "a,b" int, "c""d" int, "e f" int, "g\nh" int, "\\." int)`,
    );
    expect(await readCsv(url, '"A ""t"')).toBe(await printed(url, 'SELECT * FROM "A ""t"'));
  });

  test('of a single column of NULLs and empty texts are told apart', async () => {
    const url = await server.database();
    await sql(url, `CREATE TABLE t (v text); INSERT INTO t VALUES (NULL), (''), (E'\\n'), (E'\\\\.')`);
    expect(await readCsv(url, 't')).toBe(await printed(url, 'SELECT v FROM t'));
  });
});

// type of the key → SQL of its values from g
const KEYS: Readonly<Record<string, string>> = {
  bigint: '9223372036854775807 - g',
  numeric: 'g / 7.0',
  float8: `CASE g WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE 1 / (g * 0.1)::float8 END`,
  text: `(ARRAY['', '''', '"', E'\\\\', E'\\n', 'é', 'E', 'z'])[g % 8 + 1] || CASE WHEN g < 8 THEN '' ELSE g::text END`,
  'varchar(8)': `'k' || g`,
  'char(8)': `'k' || g`,
  name: `'k' || g`,
  citext: `CASE WHEN g % 2 = 0 THEN 'Aa' ELSE 'aB' END || g`,
  'text COLLATE folded': `CASE WHEN g % 2 = 0 THEN 'Aa' ELSE 'aB' END || g`,
  mood: `(ARRAY['sad', '', 'happy'])[g % 3 + 1]::mood`,
  uuid: 'md5(g::text)::uuid',
  bytea: `decode(md5(g::text), 'hex')`,
  date: `date '4713-01-01 BC' + g * 9999`,
  timestamptz: `CASE g WHEN 1 THEN 'infinity' ELSE '2024-01-01'::timestamptz + g * interval '1 microsecond' END`,
  interval: `g * interval '1 day 1 second'`,
  inet: `'10.0.0.0/8'::inet + g`,
  'int[]': 'ARRAY[g % 5, g]',
  boolean: 'g % 2 = 0',
  oddly: `'k' || g`,
};

describe('a key', () => {
  test.each(Object.entries(KEYS))(
    'of type %s gives each record once and in its order, from any page on',
    async (type, value) => {
      const { url } = server;
      await remake(`CREATE TABLE t (n int, k ${type} PRIMARY KEY);
      INSERT INTO t SELECT g, ${value} FROM generate_series(0, 149) g ON CONFLICT DO NOTHING`);
      const all = await printed(url, 'SELECT * FROM t ORDER BY k');
      expect(await readCsv(url, 't', 17)).toBe(all);
      expect(await resumed(url, 17)).toBe(all);
    },
  );

  test('may be composite, with a collation of its own and another order than the columns', async () => {
    const url = await server.database();
    await sql(
      url,
      `CREATE TABLE t (a int, b text COLLATE "en-x-icu", c date, PRIMARY KEY (b, c, a));
      INSERT INTO t SELECT g, chr(65 + g % 50), date '2024-01-01' + g % 3 FROM generate_series(1, 400) g`,
    );
    expect(await resumed(url, 50)).toBe(await printed(url, 'SELECT * FROM t ORDER BY b, c, a'));
  });

  test('may be a unique index with its own collation, or downwards', async () => {
    const url = await server.database();
    await sql(
      url,
      `CREATE TABLE t (a text COLLATE "en-x-icu" NOT NULL, b int NOT NULL);
      CREATE UNIQUE INDEX ON t (a COLLATE "C" DESC, b DESC);
      INSERT INTO t SELECT chr(65 + g % 50), g FROM generate_series(1, 300) g`,
    );
    expect(await resumed(url, 50)).toBe(await printed(url, 'SELECT * FROM t ORDER BY a COLLATE "C", b'));
  });
});

/** Makes `t` anew. */
async function remake(statements: string): Promise<void> {
  await sql(server.url, `DROP TABLE IF EXISTS t; ${statements}`);
}

function open(url: string, pageSize?: number) {
  return createPostgresConnection('main', { type: 'postgres', url }).source!(pageSize ? { pageSize } : {});
}

async function readCsv(url: string, name: string, pageSize?: number): Promise<string> {
  const source = open(url, pageSize);
  const [partition] = await partitionsOf(source, name, 1);
  const pages = await readPages(source, name, partition!);
  const header = payloadText({ ...pages[0]!.payload, chunks: [] });
  return header + pages.map(({ payload }) => Buffer.concat([...payload.chunks]).toString()).join('');
}

/** As `readCsv` of `t`, with a new read for every page, from the cursor of the one before. */
async function resumed(url: string, pageSize: number): Promise<string> {
  const source = open(url, pageSize);
  const [partition] = await partitionsOf(source, 't', 1);
  let page = await firstPage(source, partition!, null);
  let text = payloadText(page.payload);
  while (page.next !== null) {
    page = await firstPage(source, partition!, page.next);
    text += Buffer.concat([...page.payload.chunks]).toString();
  }
  return text;
}

async function firstPage(source: Source, partition: Partition, from: Cursor | null): Promise<Page> {
  for await (const page of source.read(testContext(), 't', partition, from)) return page;
  throw new Error('no page');
}

const printed = (url: string, query: string) => copyCsv(url, query, true);
