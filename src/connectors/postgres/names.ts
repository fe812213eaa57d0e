// Names of tables as streams: `table` in schema public, `schema.table` elsewhere.
import { escapeIdentifier } from 'pg';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const DEFAULT_SCHEMA = 'public';

/** A part that holds a dot or a quote stands in double quotes, as in SQL, so that no two tables share a name. */
export function streamName({ schema, table }: TableName): string {
  return schema === DEFAULT_SCHEMA ? part(table) : `${part(schema)}.${part(table)}`;
}

/** The table that a stream name means; `public.table` is taken for `table`. Null where it is no such name. */
export function tableName(name: string): TableName | null {
  const match = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/s.exec(name);
  if (match === null) return null;
  const [, schema, table] = match;
  return { schema: schema === undefined ? DEFAULT_SCHEMA : unquoted(schema), table: unquoted(table ?? '') };
}

/** As SQL wants it. */
export function quoted({ schema, table }: TableName): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
}

function part(name: string): string {
  return /[."]/.test(name) ? escapeIdentifier(name) : name;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
