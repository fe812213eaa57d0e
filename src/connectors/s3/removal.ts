// Clearing away below a prefix: objects by the thousand, and uploads that nobody completed.
import type { S3Client } from './client.js';
import { isCalled, refusedFault } from './faults.js';
import { keysBelow } from './listing.js';

/** What one DeleteObjects takes. */
const BATCH = 1_000;

export async function removeBelow(client: S3Client, prefix: string): Promise<void> {
  let keys: string[] = [];
  for await (const { key } of keysBelow(client, prefix)) {
    keys.push(key);
    if (keys.length < BATCH) continue;
    await removeKeys(client, keys);
    keys = [];
  }
  if (keys.length > 0) await removeKeys(client, keys);
}

async function removeKeys(client: S3Client, keys: readonly string[]): Promise<void> {
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const answer = await client.send('remove objects', (s3, options) =>
    s3.deleteObjects({ Bucket: client.bucket, Delete }, options),
  );
  const [refused] = answer.Errors ?? [];
  if (refused) throw refusedFault(`remove ${refused.Key}`, client.bucket, refused);
}

/** A writer that is still at work loses its object. */
export async function abortUploadsBelow(client: S3Client, prefix: string): Promise<void> {
  for await (const upload of uploadsBelow(client, prefix)) {
    await client
      .send(`give up ${upload.Key}`, (s3, options) =>
        s3.abortMultipartUpload({ Bucket: client.bucket, ...upload }, options),
      )
      .catch((error: unknown) => {
        if (!isCalled(error, 'NoSuchUpload')) throw error;
      });
  }
}

async function* uploadsBelow(client: S3Client, prefix: string) {
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const input = { Bucket: client.bucket, Prefix: prefix, ...from };
    const page = await client.send('list incomplete uploads', (s3, options) =>
      s3.listMultipartUploads(input, options),
    );
    for (const { Key, UploadId } of page.Uploads ?? []) yield { Key, UploadId };
    if (!page.IsTruncated) return;
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
