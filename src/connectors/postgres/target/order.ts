// In which order tables can be loaded under the foreign keys that the target has.
import { streamName, type TableName } from '../names.js';
import type { Session } from '../session.js';

/** `from` refers to `to`: two streams. */
export interface Reference {
  readonly constraint: string;
  readonly from: string;
  readonly to: string;
  /** As ALTER TABLE … ADD CONSTRAINT takes it. */
  readonly definition: string;
  /** The role may take it off and add it again. */
  readonly isOwn: boolean;
}

const REFERENCES = `
  SELECT k.conname, fn.nspname, f.relname, tn.nspname, t.relname, pg_get_constraintdef(k.oid),
    pg_has_role(f.relowner, 'USAGE') AND has_table_privilege(t.oid, 'REFERENCES')
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
  return rows.map((row) => {
    const [constraint, schema, table, toSchema, toTable, definition, isOwn] = row.map(String);
    return {
      constraint: constraint!,
      from: streamName({ schema: schema!, table: table! }),
      to: streamName({ schema: toSchema!, table: toTable! }),
      definition: definition!,
      isOwn: isOwn === 't',
    };
  });
}

export interface Order {
  /** Each refers only to streams of stages before it, but for those of `circular`. */
  readonly stages: readonly (readonly string[])[];
  /** What closes circles: rows come in parts, so that no order holds under these. */
  readonly circular: readonly Reference[];
}

export function orderOf(streams: readonly string[], references: readonly Reference[]): Order {
  let inner = references.filter(({ from, to }) => streams.includes(from) && streams.includes(to));
  const stages: string[][] = [];
  const circular: Reference[] = [];
  let left = [...streams];
  while (left.length > 0) {
    const waits = (name: string) => inner.some(({ from, to }) => from === name && left.includes(to));
    const ready = left.filter((name) => !waits(name));
    if (ready.length === 0) {
      const closing = closingOf(left[0]!, inner, left);
      circular.push(closing);
      inner = inner.filter((reference) => reference !== closing);
    } else {
      stages.push(ready);
      left = left.filter((name) => !ready.includes(name));
    }
  }
  return { stages, circular };
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
