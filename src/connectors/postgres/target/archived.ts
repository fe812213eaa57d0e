// What an archive says of a table, as the source wrote it into the manifest.
import { z } from 'zod';
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';

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
}

/** Throws `connection_unsuitable` for streams that were no tables of PostgreSQL. */
export function archivedTable({ name, key, encoding, schema }: Stream, where: string): ArchivedTable {
  const parsed = encoding === 'csv' ? tableSchema.safeParse(schema) : null;
  if (parsed?.success) return { ...parsed.data, stream: name, key };
  throw new LonghaulError(
    'connection_unsuitable',
    `${where}: stream ${name} of the archive is no table of PostgreSQL, and cannot be written into one`,
    { hint: 'Restore archives of a `postgres` connection here; leave other streams out.' },
  );
}
