// The objects below a prefix of a bucket as the target of a restore.
import type { Readable } from 'node:stream';
import type { S3Connection } from '../../config/s3.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { SinkOptions } from '../../core/registry.js';
import type { ObjectEntry } from '../../records/tar/entry.js';
import type { ObjectTarget } from '../objects/target.js';
import { fieldsOf } from './about.js';
import type { Request, S3Client } from './client.js';
import { bodyFault, isCalled } from './faults.js';
import { createUploadNotes, giveUp, partsOf, type Upload } from './uploads.js';

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
  const notes = createUploadNotes(beside);

  const writing = <T>(ctx: Context, { key }: Pick<ObjectEntry, 'key'>, request: Request<T>): Promise<T> =>
    client.send(`write ${key}`, request, unstopped(ctx)).catch((error: unknown) => {
      throw refusedAlone(error);
    });

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
      await notes.put(UploadId, { bucket: Bucket, key: Key, uploadId: UploadId });
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
      const Parts = await partsOf(client, unstopped(ctx), object.key, upload).catch((error: unknown) => {
        throw refusedAlone(error);
      });
      const MultipartUpload = { Parts };
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
      for await (const [path, { bucket, key, uploadId, done }] of notes.all()) {
        const upload = { Bucket, Key: key, UploadId: uploadId };
        if (bucket === Bucket && done === undefined) await giveUp(client, unstopped(ctx), key, upload);
        await notes.remove(path);
      }
    },
  };
}

/** What was read is still written when the job is told to stop, so that it is not read again. */
export function unstopped({ signal }: Context): Context {
  const meter = { request: () => undefined, retry: () => undefined, waiting: () => undefined };
  return { stop: signal, signal, meter };
}

export const conditionOf = (replace: boolean) => (replace ? {} : { IfNoneMatch: '*' });

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
export function partNumberOf({ size, offset }: Pick<ObjectEntry, 'size' | 'offset'>): number {
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
