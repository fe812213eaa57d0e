// Keys that begin with a prefix, and what parts them, in the order of S3: that of their UTF-8 bytes.
import type { S3Client } from './client.js';

export interface Listed {
  readonly key: string;
  readonly size: number;
}

/** A page of 1,000 at a time. Markers of folders, which end with '/', are no objects. */
export async function* keysBelow(client: S3Client, prefix: string): AsyncGenerator<Listed> {
  let ContinuationToken: string | undefined;
  do {
    const input = { Bucket: client.bucket, Prefix: prefix, ContinuationToken };
    const page = await client.send('list objects', (s3, options) => s3.listObjectsV2(input, options));
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      if (!Key.endsWith('/')) yield { key: Key, size: Size };
    }
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}

/** What follows a prefix up to the next '/', once each. */
export async function* foldersIn(client: S3Client, prefix: string): AsyncGenerator<string> {
  let ContinuationToken: string | undefined;
  do {
    const input = { Bucket: client.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken };
    const page = await client.send('list objects', (s3, options) => s3.listObjectsV2(input, options));
    for (const { Prefix = '' } of page.CommonPrefixes ?? []) yield Prefix.slice(prefix.length, -1);
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}
