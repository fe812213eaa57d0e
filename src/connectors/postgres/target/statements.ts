// Pieces of SQL that rows and objects have in common on their way from the stage into a table.
import { escapeIdentifier } from 'pg';
import type { Table } from '../catalog.js';
import { quoted } from '../names.js';

export const STAGE = 'pg_temp.longhaul_stage';

export function list(columns: readonly string[]): string {
  return columns.map((name) => escapeIdentifier(name)).join(', ');
}

/** `from`: a SELECT of exactly these columns. */
export function insertFrom(
  table: Table,
  columns: readonly string[],
  from: string,
  replaceBy: readonly string[] | null,
): string {
  const insert = `INSERT INTO ${quoted(table)} (${list(columns)}) OVERRIDING SYSTEM VALUE ${from}`;
  if (replaceBy === null) return insert;
  const others = columns.filter((name) => !replaceBy.includes(name));
  // A row that is all key is written again as it is, so that it is counted.
  const set = others.length > 0 ? others : columns.slice(0, 1);
  const values = set.map((name) => `${escapeIdentifier(name)} = excluded.${escapeIdentifier(name)}`);
  return `${insert} ON CONFLICT (${list(replaceBy)}) DO UPDATE SET ${values.join(', ')}`;
}

/** Writes a column of the staged records `s` as SQL. */
export type Expression = (column: string) => string;

/** One statement cannot replace a row twice: of records with the same key the last one stays. */
export function dropReplaced(key: readonly string[], of: Expression): string {
  return `DELETE FROM ${STAGE} USING (
    SELECT s.ctid AS at, row_number() OVER (PARTITION BY ${key.map(of).join(', ')} ORDER BY s.ctid DESC) AS place
    FROM ${STAGE} s) AS found
    WHERE longhaul_stage.ctid = found.at AND found.place > 1`;
}

/** Places of staged records whose key the table has; null where the table has no key, or not all of it is known. */
export function findTaken({ key, ...table }: Table, known: readonly string[], of: Expression): string | null {
  if (key === null || !key.every(({ name }) => known.includes(name))) return null;
  const same = key.map(
    ({ name, operators }) =>
      `t.${escapeIdentifier(name)} OPERATOR(${escapeIdentifier(operators)}.=) ${of(name)}`,
  );
  return `SELECT s.place FROM (SELECT row_number() OVER (ORDER BY ctid) - 1 AS place, * FROM ${STAGE}) s
    WHERE EXISTS (SELECT FROM ${quoted(table)} t WHERE ${same.join(' AND ')})`;
}
