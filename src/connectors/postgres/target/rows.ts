// What is said to the server for rows of CSV, as PostgreSQL wrote them.
import { escapeIdentifier } from 'pg';
import { quoted } from '../names.js';
import type { Destination, Statements } from './destination.js';
import { findTaken, insertFrom, list, STAGE } from './statements.js';

export function rowStatements({ table, replaceBy }: Destination, columns: readonly string[]): Statements {
  const generated = new Set(table.columns.filter((column) => column.generated).map(({ name }) => name));
  const kept = columns.filter((name) => !generated.has(name));
  // COPY can neither replace rows nor pass over values of generated columns.
  const isPlain = replaceBy === null && kept.length === columns.length;
  return {
    createStage: `CREATE TEMPORARY TABLE longhaul_stage ON COMMIT DROP AS SELECT ${list(columns)} FROM ${quoted(table)} WITH NO DATA`,
    copyToStage: copyStatement(STAGE, columns),
    copy: isPlain ? copyStatement(quoted(table), columns) : null,
    checks: [],
    // the archive of a table has each key once
    dropReplaced: null,
    insert: insertFrom(table, kept, `SELECT ${list(kept)} FROM ${STAGE}`, replaceBy),
    findTaken: findTaken(table, kept, of),
  };
}

const of = (name: string): string => `s.${escapeIdentifier(name)}`;

function copyStatement(into: string, columns: readonly string[]): string {
  return `COPY ${into} ${columns.length === 0 ? '' : `(${list(columns)})`} FROM STDIN (FORMAT csv)`;
}
