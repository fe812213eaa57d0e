// The objects below a prefix of a bucket as a tree of objects.
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { compareKeys, type ListedObject, type ObjectTree, type ReadResult } from '../objects/tree.js';
import { aboutObject } from './about.js';
import { findBorders, type Look } from './borders.js';
import type { S3Client } from './client.js';
import { bodyFault, isCalled } from './faults.js';
import { listObjects } from './list-answer.js';

/** Of each look for borders. */
const LOOK_KEYS = 100;

interface Listing {
  readonly objects: readonly ListedObject[];
  /** There may be more after the last of them. */
  readonly isTruncated: boolean;
}

/** `prefix`: of the stream; keys are relative to it. */
export function createS3Tree(client: S3Client, prefix: string): ObjectTree {
  const before = client.root + prefix;

  async function listed(ctx: Context, below: string, after: string | null, most?: number): Promise<Listing> {
    const input = {
      Bucket: client.bucket,
      Prefix: before + below,
      ...(after !== null && { StartAfter: before + after }),
      ...(most !== undefined && { MaxKeys: most }),
    };
    const { keys, isTruncated } = await client.send(
      'list objects',
      (s3, options) => listObjects(s3, input, options),
      ctx,
    );
    const objects = keys.map(({ key, size, etag, modified }) => ({
      key: key.slice(before.length),
      size,
      version: etag,
      // New metadata alone leave the ETag as it was.
      ...(modified !== '' && { mtime: Date.parse(modified) / 1_000 }),
    }));
    return { objects, isTruncated };
  }

  return {
    /** From the last key on rather than by tokens, which expire. */
    async *list(ctx, { after, to }) {
      for (let last = after; ;) {
        const { objects, isTruncated } = await listed(ctx, '', last);
        const within = objects.filter(({ key }) => to === null || compareKeys(key, to) <= 0);
        yield within;
        const end = objects.at(-1)?.key;
        if (!isTruncated || end === undefined || within.length < objects.length) return;
        if (last !== null && compareKeys(end, last) <= 0) throw unsorted(client.bucket);
        last = end;
      }
    },

    async read(ctx, object, { offset, length }) {
      try {
        return await read(ctx, client, before + object.key, object, offset, length);
      } catch (error) {
        if (ctx.signal.aborted) throw new Stopped();
        return outcomeOf(error);
      }
    },

    async borders(ctx, want) {
      const look: Look = async (below, after) => {
        const { objects, isTruncated } = await listed(ctx, below, after, LOOK_KEYS);
        return { keys: objects.map(({ key }) => key), more: isTruncated };
      };
      return findBorders(look, want);
    },
  };
}

async function read(
  ctx: Context,
  client: S3Client,
  Key: string,
  { key, size, version }: ListedObject,
  offset: number,
  length: number,
): Promise<ReadResult> {
  const isWhole = length === size;
  const input = {
    Bucket: client.bucket,
    Key,
    // Some servers have none for objects that came another way.
    ...(version !== '' && { IfMatch: version }),
    // A whole object comes with its checksum, which the SDK verifies.
    ...(isWhole ? { ChecksumMode: 'ENABLED' as const } : { Range: `bytes=${offset}-${offset + length - 1}` }),
  };
  const answer = await client.send(`read ${key}`, (s3, options) => s3.getObject(input, options), ctx);
  const body = await bytesOf(client, key, answer);
  if (body.length !== length) throw cut(key, body.length, length);
  const about = await aboutObject(ctx, client, Key, answer, offset === 0);
  return { is: 'read', body, about };
}

async function bytesOf(client: S3Client, key: string, { Body }: GetObjectCommandOutput): Promise<Buffer> {
  try {
    return Buffer.concat((await (Body as Readable).toArray()) as Uint8Array[]);
  } catch (error) {
    throw bodyFault(`read ${key}`, client.bucket, error);
  }
}

/** Throws again what says nothing about the object alone. */
export function outcomeOf(error: unknown): ReadResult {
  if (isCalled(error, 'PreconditionFailed') || isCalled(error, 'InvalidRange')) return { is: 'changed' };
  if (isCalled(error, 'NoSuchKey')) return { is: 'gone' };
  const isRefused =
    error instanceof LonghaulError && (error.code === 'permission_denied' || error.code === 'source_refused');
  if (isRefused) return { is: 'refused', why: { code: error.code, message: error.message } };
  throw error;
}

function cut(key: string, length: number, expected: number): LonghaulError {
  return new LonghaulError('response_invalid', `${key} came with ${length} of ${expected} bytes.`);
}

function unsorted(bucket: string): LonghaulError {
  return new LonghaulError('source_refused', `The server of bucket ${bucket} does not list keys in order.`, {
    hint: 'Use a bucket of a server that lists keys in the order of their bytes (not a directory bucket).',
  });
}
