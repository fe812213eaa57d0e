// Tables with every common type of PostgreSQL and the values that lose something on the way through a program.

/** Values by column type: NULL comes on its own. Written as SQL. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
  numeric: ["'1.10'", "'NaN'", "'Infinity'", "'-Infinity'", "'1e400'", "'-0.000000000000000000000000000001'"],
  'numeric(20,4)': ["'1234567890123456.7800'", "'0'"],
  real: ["'NaN'", "'Infinity'", "'-0'", "'1e-45'", "'3.4028235e38'", "'0.1'"],
  'double precision': ["'NaN'", "'-Infinity'", "'-0'", "'5e-324'", "'1.7976931348623157e308'", "'0.1'"],
  money: ["'-92233720368547758.08'", "'0.10'"],
  boolean: ['true', 'false'],
  text: [
    "''",
    "' '",
    "'NULL'",
    String.raw`'\N'`,
    String.raw`'\.'`,
    `'"'`,
    `'a,b;"c"'`,
    String.raw`E'line\nbreak\r\nand\ttab'`,
    `'é😀𝒳'`,
    String.raw`'back\slash'`,
    "repeat('0123456789', 20000)",
  ],
  'varchar(10)': ["''", "'ten  chars'"],
  'char(5)': ["''", "'ab'"],
  bytea: [String.raw`'\x'`, String.raw`'\x00ff0a0d225c2c'`],
  date: ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'2024-02-29'", "'9999-12-31'"],
  time: ["'24:00:00'", "'00:00:00.000001'"],
  timetz: ["'23:59:59.999999+15:59'", "'00:00:00-07'"],
  timestamp: ["'infinity'", "'2024-02-29 23:59:59.999999'", "'0001-01-01 00:00:00 BC'"],
  timestamptz: ["'-infinity'", "'2024-03-31 01:30:00.123456+01'", "'1900-01-01 00:00:00+00:19:32'"],
  interval: ["'1 year -2 mons 3 days -04:05:06.789'", "'0'", "'-178000000 years'"],
  uuid: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
  inet: ["'192.168.0.1/24'", "'::ffff:1.2.3.4'"],
  cidr: ["'10.0.0.0/8'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  'bit(4)': ["B'0101'"],
  'bit varying': ["B''", "B'1'"],
  point: ["'(1.5,-0)'"],
  polygon: ["'((0,0),(1,1),(2,0))'"],
  json: [`'{"b":1.10,"a":1e400,"a":2}'`, String.raw`E'{"raw":\n [1,\t2]}'`, "'null'", String.raw`'"\u0000"'`],
  jsonb: [`'{"b":1.10,"a":{"c":[1,null]}}'`, "'null'", `'1e400'`, `'"\\""'`],
  'integer[]': ["'{}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[0:1]={7,8}'"],
  'text[]': [`'{"",NULL,"NULL","a,b","q\\"uote"}'`],
  'numeric[]': ["'{1.10,NaN}'"],
  int4range: ["'empty'", "'[1,5)'", "'(,)'"],
  tstzrange: [`'["2024-01-01 00:00:00+00",infinity)'`],
  int8multirange: ["'{[1,3),[5,9)}'"],
  tsvector: [`'a:1A fat:2B,4C'`],
  oid: ['4294967295'],
  mood: ["'so, so'", `'"well"'`],
  pair: [`ROW(1, 'a "b", c')`, 'ROW(NULL, NULL)'],
  percent: ['99.50'],
};

const TYPES = `
  CREATE TYPE mood AS ENUM ('so, so', '"well"', '');
  CREATE TYPE pair AS (one integer, two text);
  CREATE DOMAIN percent AS numeric(5,2) CHECK (value <= 100);`;

/** Statements that make `every_type`: a column a type, each value in a row of its own beside NULLs, then all NULL. */
function everyType(): string {
  const columns = Object.keys(VALUES);
  const names = columns.map((_, index) => `c${index}`);
  const definitions = columns.map((type, index) => `${names[index]} ${type}`);
  const rows = Object.values(VALUES).flatMap((values, index) =>
    values.map((value) => `INSERT INTO every_type (${names[index]}) VALUES (${value});`),
  );
  return `
  CREATE TABLE every_type (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${definitions.join(', ')});
  ${rows.join('\n  ')}
  INSERT INTO every_type (c0) VALUES (NULL);`;
}

/** Names and keys that need quoting or care, and enough rows for many pages. */
const AWKWARD = `
  CREATE SCHEMA "Sales Dept";
  CREATE TABLE "Sales Dept"."Order ""Items""" (
    "region" text COLLATE "C", "Größe, cm" integer, "select" text, PRIMARY KEY ("region", "Größe, cm"));
  INSERT INTO "Sales Dept"."Order ""Items"""
    SELECT 'r' || E'\\'",\\n\\\\' || i % 5, i, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '' ELSE 'x' END
    FROM generate_series(1, 4000) i;
  CREATE TABLE by_text (code text PRIMARY KEY, n integer);
  INSERT INTO by_text SELECT md5(i::text) || chr(200 + i % 50) || i, i FROM generate_series(1, 4000) i;
  CREATE TABLE by_uuid (id uuid PRIMARY KEY, at timestamptz NOT NULL);
  INSERT INTO by_uuid SELECT md5(i::text)::uuid, timestamptz '2024-01-01' + i * interval '1.000001 s'
    FROM generate_series(1, 4000) i;
  CREATE TABLE vacant (id integer PRIMARY KEY, note text);
  CREATE TABLE only_text (id text PRIMARY KEY);
  INSERT INTO only_text VALUES (''), ('\\.'), (' '), ('"'), ('NULL');`;

/** A script for an empty database. */
export const NASTY_TABLES = `${TYPES}${everyType()}${AWKWARD}`;

export interface NastyTable {
  readonly stream: string;
  /** Written as SQL. */
  readonly table: string;
  readonly key: string;
}

/** What the script makes, as streams and as SQL. */
export const TABLES: readonly NastyTable[] = [
  {
    stream: 'Sales Dept."Order ""Items"""',
    table: '"Sales Dept"."Order ""Items"""',
    key: '"region", "Größe, cm"',
  },
  { stream: 'by_text', table: 'by_text', key: 'code COLLATE "C"' },
  { stream: 'by_uuid', table: 'by_uuid', key: 'id' },
  { stream: 'every_type', table: 'every_type', key: 'id' },
  { stream: 'only_text', table: 'only_text', key: 'id COLLATE "C"' },
  { stream: 'vacant', table: 'vacant', key: 'id' },
];
