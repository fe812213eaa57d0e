// What a caller asks for: the body of POST /v1/jobs, validated. Not imported by workflow code (zod would double its bundle).
import { z } from 'zod';
import { SAMPLE, SAMPLE_ALLOWED, shareOf } from './sample.js';

const name = z.string().min(1).max(200);
/** A relative place in a sink: parts of letters, digits, `.`, `_`, `-`, parted by `/`; no part is `.` or `..`. */
export const place = z
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
/**
 * What a list can be filtered by: Temporal's queries have no way to write quotes and backslashes that all stores of it take,
 * and a NUL has them never answer. Without flags, which the API's document would take for a part of the pattern; and
 * by what it refuses, since dialects of patterns differ in how they write the last character of Unicode.
 */
const REFUSED = '\\u0000-\\u001f"\'`\\\\';
export const filterText = z
  .string()
  .min(1)
  .max(200)
  .regex(new RegExp(`^[^${REFUSED}]+$`), 'no quotes, backslashes or control characters');
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

/** Records that are set aside instead of ending the job; one more than `max` ends it. Default 0. */
const rejects = z.strictObject({ max: z.number().int().min(0).max(1_000_000).optional() }).optional();

/** Values of a key's fields, in order. Numbers that a double cannot hold are written as strings. */
const key = z
  .array(z.union([z.string(), z.number()]))
  .min(1)
  .max(32);
const readFrom = {
  connection: name,
  archive: place,
  streams,
  /** Only records with keys from `from` on and before `to`. Of one stream. */
  keys: z.strictObject({ from: key.optional(), to: key.optional() }).optional(),
};
/** A damaged segment is passed over and counts as rejects, instead of ending the job. */
const skipDamaged = z.boolean().optional();
/** `contacts.account_id: accounts.id`: a field that refers to a record for which the target has made a new id. */
const remap = z
  .record(
    z.string().regex(/^.+\..+$/, 'STREAM.FIELD'),
    z.string().regex(/^.+\..+$/, 'STREAM.FIELD, the field being the key of the stream'),
  )
  .optional();

const compression = z.enum(['zstd', 'gzip', 'none']).optional();

const backup = z.strictObject({
  kind: z.literal('backup'),
  source: z.strictObject({ connection: name, streams }),
  sink: z.strictObject({ connection: name, prefix: place.optional(), archive: archiveId.optional() }),
  options: z
    .strictObject({
      lanes,
      pageSize: z.number().int().min(1).max(100_000).optional(),
      checkpoint,
      compression,
      rejects,
      /** Of objects: an archive of the same connection in the same store. What has not changed since is referred to. */
      base: place.optional(),
      tenant,
    })
    .optional(),
});

const verify = z.strictObject({
  kind: z.literal('verify'),
  source: z.strictObject({ connection: name, archive: place, streams }),
  options: z
    .strictObject({
      lanes,
      /** Compares the records with those of a source, or of another archive, instead of reading the archive alone. */
      against: z.strictObject({ connection: name, archive: place.optional() }).optional(),
      /** Reads so many of the segments, chosen anew by each job; of the others only presence and size are checked. */
      sample: z.string().regex(SAMPLE, SAMPLE_ALLOWED).optional(),
      tenant,
    })
    .refine(({ against, sample }) => !against || shareOf(sample) === null, {
      path: ['sample'],
      message: 'cannot be given beside `options.against`, which compares every record',
    })
    .optional(),
});

const restore = z.strictObject({
  kind: z.literal('restore'),
  source: z
    .strictObject({
      ...readFrom,
      /** Only the records that this job, a restore of the same archive, has set aside. */
      rejectsOf: z.string().min(1).max(300).optional(),
    })
    .refine(({ keys, streams }) => !keys || streams?.length === 1, {
      path: ['keys'],
      message: 'picks records of one stream: name it in `source.streams`',
    })
    .refine(({ keys, rejectsOf }) => !keys || rejectsOf === undefined, {
      path: ['keys'],
      message: 'cannot be given beside `source.rejectsOf`, which picks the records already',
    }),
  sink: z.strictObject({
    connection: name,
    /** What a record does whose key is there already: `insert` (default) makes it a reject, `upsert` replaces the other. */
    mode: z.enum(['insert', 'upsert']).optional(),
    /** Makes tables that are missing, as the archive describes them. */
    create: z.boolean().optional(),
  }),
  options: z
    .strictObject({
      lanes,
      checkpoint,
      rejects,
      skipDamaged,
      remap,
      /** Reads and checks everything, and says what would be written; writes nothing. */
      dryRun: z.boolean().optional(),
      tenant,
    })
    .optional(),
});

const exported = z.strictObject({
  kind: z.literal('export'),
  /** With `archive`: from that, and the source that it is of is not asked. */
  source: z.strictObject({ connection: name, archive: place.optional(), streams }),
  /** The files are written into the folder `prefix`/`name`; default name: the id of the job. */
  sink: z.strictObject({ connection: name, prefix: place.optional(), name: archiveId.optional() }),
  options: z
    .strictObject({
      lanes,
      pageSize: z.number().int().min(1).max(100_000).optional(),
      checkpoint,
      format: z.enum(['jsonl', 'csv', 'parquet']),
      /** A file is closed with the piece that brings it here; default: one file a stream. */
      fileBytes: z.number().int().min(1).optional(),
      /** Of jsonl and csv: of the whole file (default `none`). Parquet compresses within. */
      compression,
      rejects,
      skipDamaged,
      tenant,
    })
    .refine(({ format, compression: packed = 'none' }) => format !== 'parquet' || packed === 'none', {
      path: ['compression'],
      message: 'Parquet compresses within: leave it out',
    }),
});

const copy = z.strictObject({
  kind: z.literal('copy'),
  source: z.strictObject({ connection: name, streams }),
  sink: z.strictObject({
    connection: name,
    /** What an object does whose key is there already with other bytes: `insert` (default) makes it a reject. */
    mode: z.enum(['insert', 'upsert']).optional(),
  }),
  options: z
    .strictObject({
      lanes,
      pageSize: z.number().int().min(1).max(100_000).optional(),
      checkpoint,
      rejects,
      tenant,
    })
    .optional(),
});

export const jobSpecSchema = z.discriminatedUnion('kind', [backup, verify, restore, exported, copy]);

export type JobSpec = z.infer<typeof jobSpecSchema>;
export type BackupSpec = z.infer<typeof backup>;
export type VerifySpec = z.infer<typeof verify>;
export type RestoreSpec = z.infer<typeof restore>;
export type ExportSpec = z.infer<typeof exported>;
export type CopySpec = z.infer<typeof copy>;
