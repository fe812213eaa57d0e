// In which order tables can be loaded under the foreign keys that the target has.
import { LonghaulError } from '../../../core/errors.js';
import { streamName, type TableName } from '../names.js';
import type { Session } from '../session.js';

/** `from` refers to `to`: two streams. */
export interface Reference {
  readonly constraint: string;
  readonly from: string;
  readonly to: string;
}

const REFERENCES = `
  SELECT k.conname, fn.nspname, f.relname, tn.nspname, t.relname
  FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    JOIN json_to_recordset($1) AS wanted (schema text, "table" text)
      ON wanted.schema = fn.nspname AND wanted."table" = f.relname
  WHERE k.contype = 'f'
  ORDER BY k.conname`;

/** The foreign keys of these tables. */
export async function referencesOf(session: Session, tables: readonly TableName[]): Promise<Reference[]> {
  const wanted = tables.map(({ schema, table }) => ({ schema, table }));
  const rows = await session.rows(REFERENCES, [JSON.stringify(wanted)]);
  return rows.map(([constraint, ...names]) => {
    const [schema, table, toSchema, toTable] = names.map(String) as [string, string, string, string];
    return {
      constraint: constraint!,
      from: streamName({ schema, table }),
      to: streamName({ schema: toSchema, table: toTable }),
    };
  });
}

/** Streams in stages: each refers only to those of stages before it. Throws `table_unfit` naming what closes a circle. */
export function stagesOf(streams: readonly string[], references: readonly Reference[]): string[][] {
  const inner = references.filter(({ from, to }) => streams.includes(from) && streams.includes(to));
  const stages: string[][] = [];
  let left = [...streams];
  while (left.length > 0) {
    const waits = (name: string) => inner.some(({ from, to }) => from === name && left.includes(to));
    const ready = left.filter((name) => !waits(name));
    if (ready.length === 0) throw circle(closingOf(left[0]!, inner, left));
    stages.push(ready);
    left = left.filter((name) => !ready.includes(name));
  }
  return stages;
}

/** Each of those left refers to one of them, so that a way from any of them ends in a circle. */
function closingOf(start: string, references: readonly Reference[], left: readonly string[]): Reference {
  const seen = new Set<string>();
  for (let at = start; ;) {
    seen.add(at);
    const next = references.find(({ from, to }) => from === at && left.includes(to))!;
    if (seen.has(next.to)) return next;
    at = next.to;
  }
}

function circle({ constraint, from, to }: Reference): LonghaulError {
  const what = from === to ? `${from} refers to itself` : `${from} refers back to ${to}`;
  return new LonghaulError(
    'table_unfit',
    `constraint ${constraint}: ${what}, and rows are written in parts`,
    {
      hint: 'Drop the constraint and add it again after the restore, or restore with `create` where these tables are not: it comes after the rows then.',
    },
  );
}
