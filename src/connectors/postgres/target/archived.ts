// What an archive says of a table: as PostgreSQL described it, or as a sample of JSON records shows it.
import { z } from 'zod';
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { sampledColumns, type Column, type ColumnType } from '../../../records/columns.js';
import { tableName, type TableName } from '../names.js';
import { list } from './statements.js';

const columnSchema = z.object({
  name: z.string(),
  type: z.string(),
  nullable: z.boolean(),
  collation: z.string().nullable(),
  default: z.string().nullable(),
  identity: z.enum(['always', 'by default']).nullable(),
  generated: z.enum(['stored', 'virtual']).nullable(),
});
export type ArchivedColumn = z.infer<typeof columnSchema>;

const named = z.object({ name: z.string(), definition: z.string() });

const tableSchema = z.object({
  schema: z.string(),
  table: z.string(),
  kind: z.enum(['r', 'p', 'm']),
  columns: z.array(columnSchema),
  constraints: z.array(named),
  indexes: z.array(z.string()),
  types: z.array(named).default([]),
});

export interface ArchivedTable extends z.infer<typeof tableSchema> {
  /** The name of its stream. */
  readonly stream: string;
  readonly key: readonly string[];
  /** Its records are JSON objects, and its columns what a sample of them shows. */
  readonly objects: boolean;
}

/** Throws `connection_unsuitable` for streams that were no tables of PostgreSQL and whose records are not known, `table_unfit` for names that no table can have. */
export function archivedTable(stream: Stream, where: string): ArchivedTable {
  const { name, key, encoding, schema } = stream;
  const sampled = encoding === 'jsonl' ? sampledColumns(schema) : null;
  if (sampled) return tableOfObjects(stream, sampled);
  const parsed = encoding === 'csv' ? tableSchema.safeParse(schema) : null;
  if (parsed?.success) return { ...parsed.data, stream: name, key, objects: false };
  throw new LonghaulError(
    'connection_unsuitable',
    `${where}: stream ${name} of the archive is no table of PostgreSQL and has no JSON records, and cannot be written into a table`,
    { hint: 'Leave the stream out.' },
  );
}

const TYPES: Readonly<Record<ColumnType, string>> = {
  boolean: 'boolean',
  integer: 'bigint',
  number: 'numeric',
  string: 'text',
  json: 'jsonb',
};

function tableOfObjects({ name: stream, key }: Stream, sampled: readonly Column[]): ArchivedTable {
  const table = nameOf(stream);
  const unfit = sampled.find(({ name }) => !isName(name));
  if (unfit) throw unnamed(stream, `member ${JSON.stringify(unfit.name.slice(0, 100))}`, 'column');
  const hasKey = key.length > 0 && key.every((field) => sampled.some(({ name }) => name === field));
  const primary = { name: `${table.table}_pkey`, definition: `PRIMARY KEY (${list(key)})` };
  return {
    ...table,
    stream,
    key,
    objects: true,
    kind: 'r',
    columns: sampled.map(({ name, type }) => ({ ...PLAIN, name, type: TYPES[type] })),
    constraints: hasKey ? [primary] : [],
    indexes: [],
    types: [],
  };
}

const PLAIN = { nullable: true, collation: null, default: null, identity: null, generated: null };

function nameOf(stream: string): TableName {
  const name = tableName(stream);
  if (!name || !isName(name.schema) || !isName(name.table)) throw unnamed(stream, 'the stream', 'table');
  return name;
}

/** PostgreSQL cuts longer ones off in silence. */
const LONGEST_NAME_BYTES = 63;

function isName(name: string): boolean {
  return name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= LONGEST_NAME_BYTES;
}

function unnamed(stream: string, what: string, kind: string): LonghaulError {
  return new LonghaulError('table_unfit', `stream ${stream}: ${what} has a name that no ${kind} can have`);
}
