// A bucket as a store of immutable objects. Several processes may use it at once.
import type { S3Connection } from '../../config/s3.js';
import type { Store, StoredObject } from '../../core/store.js';
import type { S3Client } from './client.js';
import { createTrial, putIfAbsent } from './conditions.js';
import { isCalled } from './faults.js';
import { keyOf, prefixOf } from './keys.js';
import { foldersIn, keysBelow } from './listing.js';
import { placeOf } from './place.js';
import { readObject } from './reader.js';
import { abortUploadsBelow, removeBelow } from './removal.js';
import { createS3Writer, putObject } from './writer.js';

/** `client` is persistent. The trial of the server is made once for all stores that this makes. */
export function createS3Stores(client: S3Client, config: S3Connection): () => Store {
  const proveConditions = createTrial(client, config);
  return () => createS3Store(client, config, proveConditions);
}

function createS3Store(
  client: S3Client,
  { encryption, tags, storageClass }: S3Connection,
  proveConditions: () => Promise<void>,
): Store {
  const { bucket, root } = client;
  return {
    create: async (path) =>
      createS3Writer(placeOf(client, path, keyOf(root, path), { encryption, tags, storageClass })),

    /** In the default class: the others bill for a month, or for 128 KiB, what lives for the length of a job. */
    async put(path, bytes, options) {
      const place = placeOf(client, path, keyOf(root, path), { encryption, tags });
      if (!options?.ifAbsent) return putObject(place, bytes).then(() => true);
      await proveConditions();
      return putIfAbsent(place, bytes);
    },

    async *read(path, range) {
      const { start = 0, end = Infinity } = range ?? {};
      const key = keyOf(root, path);
      if (end > start) yield* readObject(client, { path, key, start, end });
      else await head(client, path, key);
    },

    async stat(path) {
      const key = keyOf(root, path);
      return head(client, path, key).catch((error: unknown) => unlessThere(client, error));
    },

    async *list(prefix) {
      for await (const { key, size } of keysBelow(client, prefixOf(root, prefix))) {
        yield { path: key.slice(root.length), size };
      }
    },

    folders: (path) => foldersIn(client, prefixOf(root, path)),

    async remove(path) {
      const Key = keyOf(root, path);
      await client.send(`remove ${path}`, (s3, options) => s3.deleteObject({ Bucket: bucket, Key }, options));
    },

    async removeAll(prefix) {
      const below = `${keyOf(root, prefix)}/`;
      await abortUploadsBelow(client, below);
      await removeBelow(client, below);
    },

    sweep: async (prefix) => abortUploadsBelow(client, `${keyOf(root, prefix)}/`),

    close: async () => undefined,
  };
}

async function head(client: S3Client, path: string, Key: string): Promise<StoredObject> {
  const found = await client.send(`see ${path}`, (s3, options) =>
    s3.headObject({ Bucket: client.bucket, Key }, options),
  );
  return { path, size: found.ContentLength ?? 0 };
}

/** The answer to a HEAD has no words: that nothing is there may be the bucket, which is no such answer. */
async function unlessThere(client: S3Client, error: unknown): Promise<null> {
  if (!isCalled(error, 'NotFound') && !isCalled(error, 'NoSuchKey')) throw error;
  await client.send('list objects', (s3, options) =>
    s3.listObjectsV2({ Bucket: client.bucket, Prefix: client.root, MaxKeys: 1 }, options),
  );
  return null;
}
