// The key of a table in SQL: how its order is asked for, and how a place in it is written down.
import { escapeIdentifier, escapeLiteral } from 'pg';
import { LonghaulError } from '../../core/errors.js';
import { quoted, streamName } from './names.js';
import type { KeyColumn, Table } from './catalog.js';
import type { Session } from './session.js';

/** A table that can be read in key order. */
export type KeyedTable = Table & { readonly key: readonly KeyColumn[] };

/** The values of the key columns as the server prints them. */
export type KeyTexts = readonly string[];

/** A part of the key's order: above `after`, up to and with `upto`; null is open. */
export interface Span {
  readonly after: KeyTexts | null;
  readonly upto: KeyTexts | null;
}

export function isKeyed(table: Table): table is KeyedTable {
  return table.key !== null;
}

/** Rows of the table itself; children by plain inheritance are streams of their own. */
export function from(table: Table): string {
  return `${table.kind === 'p' ? '' : 'ONLY '}${quoted(table)}`;
}

export function columnList(table: Table): string {
  return table.columns.map(({ name }) => escapeIdentifier(name)).join(', ');
}

export function keyList({ key }: KeyedTable): string {
  return key
    .map(({ name, collate }) => escapeIdentifier(name) + (collate === null ? '' : ` COLLATE ${collate}`))
    .join(', ');
}

/** A WHERE clause, or nothing for the whole table. */
export function within(table: KeyedTable, { after, upto }: Span): string {
  const bounds = [
    ...(after === null ? [] : [`(${keyList(table)}) > (${literals(table, after)})`]),
    ...(upto === null ? [] : [`(${keyList(table)}) <= (${literals(table, upto)})`]),
  ];
  return bounds.length === 0 ? '' : `WHERE ${bounds.join(' AND ')}`;
}

function literals(table: KeyedTable, texts: KeyTexts): string {
  if (texts.length !== table.key.length) {
    throw new LonghaulError('table_changed', `the key of ${streamName(table)} is another one than before`);
  }
  const castOf = new Map(table.columns.map((column) => [column.name, column.cast]));
  return table.key
    .map(({ name }, place) => `${escapeLiteral(texts[place]!)}::${castOf.get(name)}`)
    .join(', ');
}

/**
 * Lets `>` mean the operator of the key's own type: with an extension's type (citext) and its schema out of the
 * search path, the server would fall back on another type's order, and rows would be left out.
 */
export async function useOperators(session: Session, { key }: KeyedTable): Promise<void> {
  const schemas = new Set(['pg_catalog', ...key.map(({ operators }) => operators)]);
  const path = [...schemas].map((schema) => escapeIdentifier(schema)).join(', ');
  await session.rows(`SELECT set_config('search_path', $1, true)`, [path]);
}
