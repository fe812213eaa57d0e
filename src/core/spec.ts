// What a caller asks for: the body of POST /v1/jobs, validated. Not imported by workflow code (zod would double its bundle).
import { z } from 'zod';

const name = z.string().min(1).max(200);
/** A relative place in a sink: parts of letters, digits, `.`, `_`, `-`, parted by `/`; no part is `.` or `..`. */
const place = z
  .string()
  .max(300)
  .regex(
    /^(?!\.{1,2}(\/|$))[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/,
    'letters, digits, ".", "_", "-", parted by "/"',
  );
const archiveId = place
  .max(120)
  .refine((id) => !id.includes('/'), 'an archive id has no "/"; put folders into `prefix`');

const streams = z.array(name).min(1).max(1_000).optional();
/** What a list can be filtered by: Temporal's queries have no way to write quotes and backslashes that all stores of it take. */
export const filterText = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^'"`\\]+$/, 'no quotes or backslashes');
const tenant = filterText.max(100).optional();
const lanes = z.number().int().min(1).max(64).optional();

/** Where checkpoints fall; whichever comes first. */
const checkpoint = z
  .strictObject({
    seconds: z.number().positive().max(600).optional(),
    bytes: z.number().int().min(1).max(268_435_456).optional(),
    pages: z.number().int().min(1).optional(),
  })
  .optional();

const backup = z.strictObject({
  kind: z.literal('backup'),
  source: z.strictObject({ connection: name, streams }),
  sink: z.strictObject({ connection: name, prefix: place.optional(), archive: archiveId.optional() }),
  options: z
    .strictObject({
      lanes,
      pageSize: z.number().int().min(1).max(100_000).optional(),
      checkpoint,
      compression: z.enum(['zstd', 'gzip', 'none']).optional(),
      tenant,
    })
    .optional(),
});

const verify = z.strictObject({
  kind: z.literal('verify'),
  source: z.strictObject({ connection: name, archive: place }),
  options: z.strictObject({ lanes, tenant }).optional(),
});

const restore = z.strictObject({
  kind: z.literal('restore'),
  source: z.strictObject({ connection: name, archive: place, streams }),
  sink: z.strictObject({
    connection: name,
    /** What a record does whose key is there already: `insert` (default) ends the job, `upsert` replaces the row. */
    mode: z.enum(['insert', 'upsert']).optional(),
    /** Makes tables that are missing, as the archive describes them. */
    create: z.boolean().optional(),
  }),
  options: z.strictObject({ lanes, checkpoint, tenant }).optional(),
});

export const jobSpecSchema = z.discriminatedUnion('kind', [backup, verify, restore]);

export type JobSpec = z.infer<typeof jobSpecSchema>;
export type BackupSpec = z.infer<typeof backup>;
export type VerifySpec = z.infer<typeof verify>;
export type RestoreSpec = z.infer<typeof restore>;
