// The JSON of an export. docs/export.md says the same in words; change both or neither.
import { z } from 'zod';

export const EXPORT_FORMAT = 'longhaul-export/1';
/** Written last: without it there is no export. */
export const EXPORT = 'export.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);

export const exportedAsSchema = z.object({
  format: z.enum(['jsonl', 'csv', 'parquet']),
  /** Of whole files; parquet files are compressed within (snappy), and say `none` here. */
  compression: z.enum(['zstd', 'gzip', 'none']),
});
export type ExportedAs = z.infer<typeof exportedAsSchema>;

export const columnSchema = z.object({
  name: z.string(),
  /** As it stands in the files: `INT64`, `DECIMAL(20,4)` in parquet, `number`, `string` in jsonl, the source's own in csv. */
  type: z.string(),
  /** As the source calls it; absent where the column was found in a sample of the records, or is Longhaul's own. */
  sourceType: z.string().optional(),
});
export type ExportedColumn = z.infer<typeof columnSchema>;

/** `path` is relative to the export. `bytes` and `sha256` are of the file as stored. */
export const fileSchema = z.object({ path: z.string().min(1), records: count, bytes: count, sha256 });
export type ExportedFile = z.infer<typeof fileSchema>;

export const exportedStreamSchema = z.object({
  name: z.string(),
  records: count,
  /** Records that keep something in the column `_extra`, since no other column could hold it. */
  extra: count,
  key: z.array(z.string()),
  /** null: records as the source sent them (jsonl), whose members nobody looked into. */
  schema: z.object({ columns: z.array(columnSchema) }).nullable(),
  /** In the order of the records. At least one. */
  files: z.array(fileSchema).min(1),
});
export type ExportedStream = z.infer<typeof exportedStreamSchema>;

export const exportSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  /** The name of its folder. */
  id: z.string(),
  job: z.string(),
  createdAt: z.string(),
  completedAt: z.string(),
  /** `archive`: what it was made of, where that was an archive; `connection` is then the one that holds it. */
  source: z.object({ connection: z.string(), type: z.string(), archive: z.string().optional() }),
  as: exportedAsSchema,
  /** How to read the files, in sentences. */
  reading: z.array(z.string()),
  report: z.object({ path: z.string().min(1), sha256 }),
  /** Sorted by name. */
  streams: z.array(exportedStreamSchema),
});
export type Export = z.infer<typeof exportSchema>;
