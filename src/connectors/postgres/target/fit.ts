// Whether a table of the target can take what the archive holds of it, unchanged.
import { LonghaulError } from '../../../core/errors.js';
import type { Column, Table } from '../catalog.js';
import type { ArchivedColumn, ArchivedTable } from './archived.js';

export interface Fitting {
  /** Columns of each unique index of the table that every row is in. */
  readonly uniques: readonly (readonly string[])[];
  /** Rows with a key that is there are to be replaced. */
  readonly replace: boolean;
}

/** Throws `table_unfit` naming the first column or key that does not fit. */
export function expectFit(archived: ArchivedTable, table: Table, { uniques, replace }: Fitting): void {
  const unfit = (why: string) =>
    new LonghaulError('table_unfit', `table ${archived.stream} of the target ${why}`);
  if (!['r', 'p'].includes(table.kind)) throw unfit('is a materialized view');
  const { columns, objects, key } = archived;
  // of a stream without records nothing is known, and nothing is wanted
  const isEmpty = objects && columns.length === 0;
  const problem =
    columns.map((column) => misfit(column, table.columns, objects)).find(Boolean) ??
    (isEmpty ? undefined : table.columns.map((column) => unfilled(column, columns)).find(Boolean)) ??
    (replace ? unmatchable(key, table, uniques) : null);
  if (problem) throw unfit(problem);
}

function misfit(column: ArchivedColumn, there: readonly Column[], objects: boolean): string | null {
  const meant = there.find(({ name }) => name === column.name);
  if (!meant) return `has no column ${column.name}`;
  if (meant.generated && !column.generated)
    return `generates column ${column.name}, which the archive has values for`;
  const fits = objects ? takes(meant.type, column.type) : holds(meant.type, column.type);
  if (meant.generated || fits) return null;
  return `has column ${column.name} as ${meant.type}, the archive as ${column.type}`;
}

const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['integer', 'bigint', 'numeric'],
  integer: ['bigint', 'numeric'],
  bigint: ['numeric'],
  real: ['double precision'],
};
const ANY_TEXT = new Set(['text', 'character varying']);

/** Every value of the archived type comes through as it is; a narrower type would round or cut some in silence. */
function holds(type: string, archived: string): boolean {
  if (type === archived || ANY_TEXT.has(type)) return true;
  const withoutLength = archived.replace(/\([\d,]+\)/, '');
  if (type === withoutLength && withoutLength !== 'character' && withoutLength !== 'bit') return true;
  if (WIDER[archived]?.includes(type)) return true;
  const [own, their] = [type, archived].map((text) => /^character varying\((\d+)\)$/.exec(text)?.[1]);
  return own !== undefined && their !== undefined && Number(own) >= Number(their);
}

const NUMBERLESS =
  /^(boolean|date|time|timestamp|interval|uuid|bytea|inet|cidr|macaddr|point|tsvector|xml)\b|\[\]$/;

/** Whether values of JSON can fit at all. Which do is seen record by record: each goes through the input of the type. */
function takes(type: string, sampled: string): boolean {
  if (sampled === 'boolean') return !/^(smallint|integer|bigint|numeric|real|double)\b/.test(type);
  if (sampled === 'bigint') return !NUMBERLESS.test(type);
  if (sampled === 'numeric') return !NUMBERLESS.test(type) && !/^(smallint|integer|bigint)$/.test(type);
  return true;
}

function unfilled(column: Column, archived: readonly ArchivedColumn[]): string | null {
  const { name, nullable, generated, identity } = column;
  if (nullable || generated || identity || column.default !== null) return null;
  return archived.some((known) => known.name === name)
    ? null
    : `wants a value in column ${name}, which the archive does not have`;
}

function unmatchable(key: readonly string[], table: Table, uniques: Fitting['uniques']): string | null {
  if (key.length === 0) return 'cannot be upserted: the stream has no key';
  const same = (columns: readonly string[]) =>
    columns.length === key.length && columns.every((name) => key.includes(name));
  if (!uniques.some(same)) return `cannot be upserted: no unique index on ${key.join(', ')}`;
  const fixed = table.columns.find(({ name, identity }) => identity === 'always' && !key.includes(name));
  return fixed ? `cannot be upserted: column ${fixed.name} is GENERATED ALWAYS AS IDENTITY` : null;
}
