// A bucket of an S3-compatible server.
import { z } from 'zod';
import { patternFields, streamName } from './objects.js';

const text = z.string().min(1);

export const s3Connection = z.strictObject({
  type: z.literal('s3'),
  bucket: text,
  /** Everything lies below it, as below a folder: `prod/eu`. Default: the bucket itself. */
  prefix: z
    .string()
    .regex(/^[^/\\]+(\/[^/\\]+)*$/, 'a path such as prod/eu: no "/" at its ends, no empty part, no backslash')
    .optional(),
  /** Default: the environment's (AWS_REGION, profile); us-east-1 where there is an endpoint. */
  region: text.optional(),
  /** https://host[:port] of a server that is not AWS. */
  endpoint: text.optional(),
  /** host/bucket/key rather than bucket.host/key. Default: true where there is an endpoint. */
  pathStyle: z.boolean().optional(),
  /** Default: the SDK's chain: environment, shared files, SSO, web identity, container and instance roles. */
  credentials: z
    .strictObject({ accessKeyId: text, secretAccessKey: text, sessionToken: text.optional() })
    .optional(),
  /** Server-side encryption of everything written. Default: the bucket's own. `keyId` is of KMS. */
  encryption: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('AES256') }),
      z.strictObject({ type: z.enum(['aws:kms', 'aws:kms:dsse']), keyId: text.optional() }),
    ])
    .optional(),
  /** Of segments and exported files. What a running job needs for a while stays in the bucket's default class. */
  storageClass: z
    .string()
    .regex(
      /^(?!GLACIER$|DEEP_ARCHIVE$)[A-Z0-9_]+$/,
      'a class whose objects can be read at once, such as STANDARD_IA, INTELLIGENT_TIERING or GLACIER_IR',
    )
    .optional(),
  /** On every object written. */
  tags: z.record(text, z.string()).optional(),
  /** Longest silence of the server before a request counts as lost. Default 60. */
  timeoutSeconds: z.number().positive().max(3_600).optional(),
  /** Objects that can be backed up, and restored into. */
  streams: z
    .record(
      streamName,
      z.strictObject({
        /** What their keys begin with, below the connection's `prefix`; `''`: all keys. */
        prefix: z.string().max(900),
        ...patternFields,
      }),
    )
    .optional(),
  limits: z
    .strictObject({
      requestsPerSecond: z.number().positive().optional(),
      concurrency: z.number().int().min(1).max(64).optional(),
    })
    .optional(),
});
export type S3Connection = z.infer<typeof s3Connection>;
