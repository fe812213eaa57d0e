// What pyarrow should tell of an exported table, column by column, as the server itself computes it.
import type { Told } from './apps/pyarrow.js';
import type { NastyTable } from './nasty-tables.js';
import { sql } from './postgres.js';

/** More of what Parquet has types for: precisions, time zones, a key that holds no NULL, many row groups. */
export const TYPED = `
  CREATE TABLE typed (
    id bigint PRIMARY KEY, small smallint NOT NULL, digits numeric(38,10), cents numeric(9,2), whole numeric(18,0),
    tiny numeric(3,-2), at timestamptz NOT NULL, local timestamp, day date, clock time, label text NOT NULL, raw bytea,
    flag boolean, docs json, moments timestamptz[], prices numeric(7,2)[], words text[] NOT NULL, half real);
  INSERT INTO typed SELECT i, i % 100, (i::numeric ^ 3) / 7, i / 100.0, -i, i % 999 * 100,
    timestamptz '1999-12-31 23:59:59.999999+02' + i * interval '1 day 1 microsecond',
    timestamp '0001-01-01' + i * interval '7 days 3 microseconds', date '9999-12-31' - i, time '00:00' + i * interval '1 s',
    'label ' || i % 7, decode(lpad(to_hex(i), 8, '0'), 'hex'), i % 3 = 0, json_build_object('i', i, 'text', E'a\\n"b'),
    ARRAY[timestamptz '2024-02-29 12:00:00+00', NULL], ARRAY[i / 7.0, NULL], ARRAY['a,b', NULL, E'q"\\\\', ''], i / 3.0
    FROM generate_series(1, 5000) i;
  INSERT INTO typed VALUES (0, 0, NULL, NULL, NULL, NULL, 'infinity', '-infinity', '0044-03-15 BC', '24:00', '', NULL,
    NULL, NULL, ARRAY[timestamptz 'infinity'], ARRAY['NaN'::numeric], '[0:1]={x,y}', 'NaN');
  CREATE TABLE no_columns ();
  INSERT INTO no_columns DEFAULT VALUES;`;

/** The columns of a table, domains by what they are made of. */
export async function columnsOf(url: string, table: string): Promise<{ name: string; type: string }[]> {
  const rows = await sql(
    url,
    `SELECT attname AS name, format_type(coalesce(nullif(t.typbasetype, 0), atttypid), atttypmod) AS type
     FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid
     WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  return rows as unknown as { name: string; type: string }[];
}

/** What pyarrow should tell, as the server itself computes it. */
export async function valuesOf(
  url: string,
  { table, key }: Pick<NastyTable, 'table' | 'key'>,
  name: string,
  type: string,
): Promise<Told[]> {
  const column = `"${name}"`;
  const value = type.endsWith('[]') ? listOf(column, type.slice(0, -2)) : toldAs(column, type);
  const rows = await sql(url, `SELECT ${value} AS told FROM ${table} ORDER BY ${key}`);
  return rows.map(({ told }) => told as Told);
}

function listOf(column: string, type: string): string {
  const items = `SELECT ${toldAs('item', type)} FROM unnest(${column}) item`;
  const fits = `array_ndims(${column}) IS DISTINCT FROM 2 AND array_lower(${column}, 1) IS DISTINCT FROM 0
    AND ${column}::text NOT IN ('{infinity}', ${type === 'numeric' ? "''" : "'{NaN}'"})`;
  return `CASE WHEN ${column} IS NOT NULL AND ${fits} THEN ARRAY(${items}) END`;
}

const YEARS = (column: string): string =>
  `isfinite(${column}) AND ${column} >= '0001-01-01' AND ${column} <= '9999-12-31'`;
const MICROS = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;

function toldAs(column: string, type: string): string {
  if (type === 'real') return `encode(float4send(${column}), 'hex')`;
  if (type === 'double precision') return `encode(float8send(${column}), 'hex')`;
  if (type === 'bytea') return `encode(${column}, 'hex')`;
  if (type === 'date') return `CASE WHEN ${YEARS(column)} THEN (${column} - date '1970-01-01')::text END`;
  if (type.startsWith('timestamp')) return `CASE WHEN ${YEARS(column)} THEN ${MICROS(column)} END`;
  if (type === 'time without time zone') return `CASE WHEN ${column} < '24:00' THEN ${MICROS(column)} END`;
  if (type === 'boolean') return `${column}::text`;
  // By the function that prints it; a cast leaves out spaces, and adds masks of networks.
  return `CASE WHEN ${column} IS DISTINCT FROM NULL THEN format('%s', ${column}) END`;
}
