// What a job has begun to write in parts: a note beside the archive for each upload, so that none is forgotten, whatever dies.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Context } from '../../core/connector.js';
import { readAll } from '../../core/read-all.js';
import type { Beside } from '../../core/registry.js';
import type { S3Client } from './client.js';
import { isCalled } from './faults.js';

/** `done`: the ETag of the object that was made of it. */
const noteSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  uploadId: z.string(),
  done: z.string().optional(),
});
export type UploadNote = z.infer<typeof noteSchema>;

export interface UploadNotes {
  /** `name`: whatever it is found by again. */
  put(name: string, note: UploadNote): Promise<void>;
  get(name: string): Promise<UploadNote | null>;
  /** Path of each, and what it says. */
  all(): AsyncIterable<readonly [string, UploadNote]>;
  remove(path: string): Promise<void>;
}

export function createUploadNotes({ store, folder }: Beside): UploadNotes {
  const below = `${folder}/uploads`;
  const pathOf = (name: string): string =>
    `${below}/${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
  const read = async (path: string): Promise<UploadNote> =>
    noteSchema.parse(JSON.parse((await readAll(store, path)).toString()));
  return {
    async put(name, note) {
      await store.put(pathOf(name), Buffer.from(JSON.stringify(note)));
    },
    async get(name) {
      const path = pathOf(name);
      return (await store.stat(path)) ? read(path) : null;
    },
    async *all() {
      for await (const { path } of store.list(below)) yield [path, await read(path)];
    },
    remove: (path) => store.remove(path),
  };
}

export interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** `key`: for messages. Throws `object_missing` where the upload is gone. */
export async function partsOf(client: S3Client, ctx: Context, key: string, upload: Upload) {
  const parts = [];
  for (let PartNumberMarker: string | undefined; ;) {
    const input = { ...upload, PartNumberMarker };
    const page = await client.send(`write ${key}`, (s3, options) => s3.listParts(input, options), ctx);
    for (const { PartNumber, ETag, ChecksumCRC32 } of page.Parts ?? []) {
      parts.push({ PartNumber, ETag, ChecksumCRC32 });
    }
    if (!page.IsTruncated) return parts;
    PartNumberMarker = page.NextPartNumberMarker;
  }
}

/** Harmless where it has ended. */
export async function giveUp(client: S3Client, ctx: Context, key: string, upload: Upload): Promise<void> {
  await client
    .send(`give up ${key}`, (s3, options) => s3.abortMultipartUpload(upload, options), ctx)
    .catch((error: unknown) => {
      if (!isCalled(error, 'NoSuchUpload')) throw error;
    });
}
