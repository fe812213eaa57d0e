// What a job leaves in its store, as it goes over the wire.
import { z } from '@hono/zod-openapi';
import { codes, count, jobId } from './contracts.js';

const cursor = z.string().min(1).max(4_000).optional().describe('`next` of the page before.');
const next = z.string().nullable().describe('`cursor` of the next page; null: this was the last one.');
const limit = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).optional().describe(`Default ${usual}.`);

export const rejectQuery = z.strictObject({
  stream: z.string().min(1).max(200).optional(),
  limit: limit(200, 50),
  cursor,
});
export type RejectQuery = z.infer<typeof rejectQuery>;

const reject = z
  .object({
    stream: z.string(),
    partition: z.string(),
    code: z.enum(codes),
    message: z.string().describe('What the target said, or what is wrong with the archive.'),
    records: count.describe('How many records it stands for: 1, or all of a segment that cannot be read.'),
    record: z.string().nullable().describe('As it came, without its line end; null: it cannot be read.'),
    header: z.string().nullable().describe('The header line that a record of CSV needs.'),
    encoding: z.enum(['text', 'base64']).nullable().describe('Of `record`.'),
  })
  .meta({ id: 'Reject', description: 'A record that was set aside, and why.' });
export type RejectView = z.infer<typeof reject>;

export const rejectPage = z
  .object({ rejects: z.array(reject), next })
  .meta({ id: 'RejectPage', description: 'May hold fewer than `limit`: a page has about a MiB of records.' });
export type RejectPage = z.infer<typeof rejectPage>;

export const differenceQuery = z.strictObject({
  stream: z.string().min(1).max(200).optional(),
  limit: limit(1_000, 100),
  cursor,
});
export type DifferenceQuery = z.infer<typeof differenceQuery>;

const difference = z
  .object({
    kind: z
      .enum(['added', 'removed', 'changed', 'duplicate'])
      .describe(
        '`added`: only there; `removed`: only in the archive; `duplicate`: more than once on a side.',
      ),
    stream: z.string(),
    key: z
      .array(z.string().nullable())
      .readonly()
      .describe('The texts of its fields, long ones cut; empty where the stream has no key.'),
    records: count.describe('How many records it stands for.'),
    side: z.enum(['archive', 'against']).optional().describe('Of a duplicate.'),
    record: z.string().optional().describe('Where the stream has no key: how the record begins.'),
  })
  .meta({ id: 'Difference' });

export const differencePage = z
  .object({
    differences: z.array(difference).readonly(),
    next,
    counts: z
      .object({ same: count, added: count, removed: count, changed: count, duplicates: count })
      .describe('Of the whole job.'),
    listed: count.describe('How many differences are listed in all; the rest is only counted.'),
  })
  .meta({ id: 'DifferencePage' });
export type DifferencePage = z.infer<typeof differencePage>;

export const fileQuery = z.strictObject({ limit: limit(1_000, 200), cursor });
export type FileQuery = z.infer<typeof fileQuery>;

const file = z
  .object({
    path: z.string().describe('Below the folder of the archive or export.'),
    bytes: count,
    records: count.nullable().describe('null: it holds none, but speaks of others.'),
    sha256: z.string(),
    url: z.string().describe('Where it is downloaded, on this API.'),
  })
  .meta({ id: 'JobFile' });
export type JobFileView = z.infer<typeof file>;

export const filePage = z.object({ files: z.array(file), next }).meta({ id: 'JobFilePage' });
export type FilePage = z.infer<typeof filePage>;

export const filePath = jobId.extend({
  path: z
    .string()
    .describe('As the list has it; its slashes may stay as they are.')
    .openapi({ param: { name: 'path', in: 'path' } }),
});

/** What the `url` of a list says beside the path. */
export const filePlace = z.object({
  place: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Where the file stands in the list, as `url` says it: saves a search.'),
});

export const downloadHeaders = z.object({
  range: z.string().optional().describe('One range of bytes; several, or another unit: the whole file.'),
  'if-range': z.string().optional().describe('The ETag that the part at hand is of.'),
  'if-none-match': z.string().optional(),
});
