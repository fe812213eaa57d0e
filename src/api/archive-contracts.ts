// What is in the stores, as it goes over the wire.
import { z } from '@hono/zod-openapi';
import { place } from '../core/spec.js';
import { codes, count } from './contracts.js';

const time = z.iso.datetime();

export const archiveQuery = z.strictObject({
  connection: z.string().min(1).max(200).optional().describe('Only what is in this store.'),
  prefix: place.optional().describe('Only what is in this folder, at any depth.'),
  limit: z.coerce.number().int().min(1).max(200).optional().describe('Default 50.'),
  cursor: z.string().min(1).max(4_000).optional().describe('`next` of the page before.'),
});
export type ArchiveQuery = z.infer<typeof archiveQuery>;

const stream = z.object({
  name: z.string(),
  records: count,
  bytes: count.nullable().describe('Before compression; null of an export.'),
  storedBytes: count,
  segments: count.describe('Of an export: files.'),
});

export const archive = z
  .object({
    kind: z.enum(['archive', 'export']),
    connection: z.string(),
    path: z.string().describe('In the connection: what a restore names as `source.archive`.'),
    id: z.string(),
    job: z.string().describe('The job that wrote it.'),
    createdAt: time,
    completedAt: time,
    source: z.object({ connection: z.string(), type: z.string(), archive: z.string().optional() }),
    format: z.enum(['jsonl', 'csv', 'parquet']).nullable().describe('Of an export.'),
    compression: z.enum(['zstd', 'gzip', 'none']),
    records: count,
    bytes: count.nullable().describe('Before compression; null of an export.'),
    storedBytes: count,
    segments: count.describe('Of an export: files.'),
    streams: z.array(stream).describe('In a list the first 50.'),
    streamsTotal: count,
  })
  .meta({ id: 'Archive', description: 'A sealed archive or export, as it says of itself.' });
export type ArchiveView = z.infer<typeof archive>;

const unreadable = z.object({
  connection: z.string(),
  path: z.string().nullable().describe('null: the store itself.'),
  code: z.enum(codes),
  message: z.string(),
  hint: z.string(),
});

export const archivePage = z
  .object({
    archives: z.array(archive),
    unreadable: z
      .array(unreadable)
      .describe('What is in their place and cannot be read; they count for `limit`.'),
    next: z.string().nullable().describe('`cursor` of the next page; null: this was the last one.'),
  })
  .meta({ id: 'ArchivePage' });
export type ArchivePage = z.infer<typeof archivePage>;

const param = (name: string) => ({ param: { name, in: 'path' as const } });
export const archivePlace = z.object({
  connection: z.string().min(1).max(200).openapi(param('connection')),
  path: place.openapi(param('path')),
});
