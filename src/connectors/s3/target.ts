// The objects below a prefix of a bucket as the target of a restore.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { S3Connection } from '../../config/s3.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { SinkOptions } from '../../core/registry.js';
import type { ObjectEntry } from '../../records/tar/entry.js';
import type { ObjectTarget } from '../objects/target.js';
import { fieldsOf } from './about.js';
import type { Request, S3Client } from './client.js';
import { bodyFault, isCalled } from './faults.js';

/** Kept beside the archive for each upload, so that none is forgotten whatever dies. */
const uploadSchema = z.object({ bucket: z.string(), key: z.string(), uploadId: z.string() });

/** What S3 takes as a part, at least, and how many of them. */
const LEAST_PART_BYTES = 5 * 1_048_576;
const MOST_PARTS = 10_000;

/** `client` is persistent, and its server honours conditions. `prefix`: of the stream. */
export function createS3Target(
  client: S3Client,
  config: S3Connection,
  prefix: string,
  { beside }: Pick<SinkOptions, 'beside'>,
): ObjectTarget {
  const Bucket = client.bucket;
  const keyOf = (key: string): string => client.root + prefix + key;
  const uploads = `${beside.folder}/uploads`;

  const writing = <T>(ctx: Context, { key }: Pick<ObjectEntry, 'key'>, request: Request<T>): Promise<T> =>
    client.send(`write ${key}`, request, unstopped(ctx)).catch((error: unknown) => {
      throw refusedAlone(error);
    });

  async function remember(key: string, uploadId: string): Promise<void> {
    const name = createHash('sha256').update(uploadId).digest('hex').slice(0, 32);
    const text = JSON.stringify({ bucket: Bucket, key, uploadId });
    await beside.store.put(`${uploads}/${name}.json`, Buffer.from(text));
  }

  async function partsOf(ctx: Context, object: ObjectEntry, upload: Upload) {
    const parts = [];
    for (let PartNumberMarker: string | undefined; ;) {
      const input = { ...upload, PartNumberMarker };
      const page = await writing(ctx, object, (s3, options) => s3.listParts(input, options));
      for (const { PartNumber, ETag, ChecksumCRC32 } of page.Parts ?? []) {
        parts.push({ PartNumber, ETag, ChecksumCRC32 });
      }
      if (!page.IsTruncated) return parts;
      PartNumberMarker = page.NextPartNumberMarker;
    }
  }

  const uploadOf = ({ key }: ObjectEntry, handle: string): Upload => ({
    Bucket,
    Key: keyOf(key),
    UploadId: handle,
  });

  return {
    put: (ctx, object, Body, replace) =>
      unlessThere(() =>
        writing(ctx, object, (s3, options) =>
          s3.putObject(
            {
              ...fieldsOf(object, config),
              ...conditionOf(replace),
              Bucket,
              Key: keyOf(object.key),
              Body,
              ChecksumAlgorithm: 'CRC32',
            },
            options,
          ),
        ),
      ),

    async begin(ctx, object) {
      const Key = keyOf(object.key);
      const input = { ...fieldsOf(object, config), Bucket, Key, ChecksumAlgorithm: 'CRC32' as const };
      const { UploadId = '' } = await writing(ctx, object, (s3, options) =>
        s3.createMultipartUpload(input, options),
      );
      await remember(Key, UploadId);
      return UploadId;
    },

    async add(ctx, object, handle, Body) {
      const PartNumber = partNumberOf(object);
      const input = {
        ...uploadOf(object, handle),
        PartNumber,
        Body,
        ChecksumAlgorithm: 'CRC32' as const,
      };
      await writing(ctx, object, (s3, options) => s3.uploadPart(input, options));
    },

    async finish(ctx, object, handle, replace) {
      const upload = uploadOf(object, handle);
      const MultipartUpload = { Parts: await partsOf(ctx, object, upload) };
      const input = { ...upload, ...conditionOf(replace), MultipartUpload };
      return unlessThere(() =>
        writing(ctx, object, (s3, options) => s3.completeMultipartUpload(input, options)),
      );
    },

    async size(ctx, key) {
      const input = { Bucket, Key: keyOf(key) };
      try {
        const found = await client.send(
          `see ${key}`,
          (s3, options) => s3.headObject(input, options),
          unstopped(ctx),
        );
        return found.ContentLength ?? 0;
      } catch (error) {
        if (isCalled(error, 'NotFound') || isCalled(error, 'NoSuchKey')) return null;
        throw error;
      }
    },

    async read(ctx, key, { offset, length }) {
      if (length === 0) return new Uint8Array();
      const input = { Bucket, Key: keyOf(key), Range: `bytes=${offset}-${offset + length - 1}` };
      const { Body } = await client.send(
        `read ${key}`,
        (s3, options) => s3.getObject(input, options),
        unstopped(ctx),
      );
      try {
        return Buffer.concat((await (Body as Readable).toArray()) as Uint8Array[]);
      } catch (error) {
        throw bodyFault(`read ${key}`, Bucket, error);
      }
    },

    sync: async () => undefined,

    async clear(ctx) {
      for await (const { path } of beside.store.list(uploads)) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of beside.store.read(path)) chunks.push(chunk);
        const { bucket, key, uploadId } = uploadSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
        if (bucket === Bucket) await giveUp(ctx, key, uploadId);
        await beside.store.remove(path);
      }
    },
  };

  async function giveUp(ctx: Context, Key: string, UploadId: string): Promise<void> {
    const input = { Bucket, Key, UploadId };
    await writing(ctx, { key: Key }, (s3, options) => s3.abortMultipartUpload(input, options)).catch(
      (error: unknown) => {
        if (!isCalled(error, 'NoSuchUpload')) throw error;
      },
    );
  }
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** What was read is still written when the job is told to stop, so that it is not read again. */
function unstopped({ signal }: Context): Context {
  const meter = { request: () => undefined, retry: () => undefined, waiting: () => undefined };
  return { stop: signal, signal, meter };
}

const conditionOf = (replace: boolean) => (replace ? {} : { IfNoneMatch: '*' });

/** `false` where an object is. */
async function unlessThere(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isCalled(error, 'PreconditionFailed')) return false;
    throw error;
  }
}

/** Ascending with the place of the piece, whatever size the pieces have. */
function partNumberOf({ size, offset }: ObjectEntry): number {
  return 1 + Math.floor(offset / Math.max(LEAST_PART_BYTES, Math.ceil(size / MOST_PARTS)));
}

/** A key, metadata or tags that the server does not take; others it may. */
function refusedAlone(error: unknown): unknown {
  const isRefusal =
    error instanceof LonghaulError &&
    error.code === 'source_refused' &&
    !isCalled(error, 'PreconditionFailed');
  return isRefusal ? new LonghaulError('record_refused', error.message, { cause: error.cause }) : error;
}
