// Puts objects into a bucket and shows what is in it, by the SDK alone.
import { createHash } from 'node:crypto';
import { S3, type CompletedPart } from '@aws-sdk/client-s3';
import type { S3Connection } from '../../src/config/s3.js';
import { inTurns } from './in-turns.js';

export interface Bucket {
  readonly s3: S3;
  readonly name: string;
  put(objects: Readonly<Record<string, string | Buffer>>): Promise<void>;
  /** In parts, of which each but the last has at least 5 MiB. */
  putInParts(key: string, parts: Iterable<Buffer>): Promise<void>;
  /** Key, size and hash of each object below a prefix, keys without it, sorted. */
  contents(prefix?: string): Promise<string[]>;
  close(): void;
}

export function bucketOf({ bucket, endpoint, credentials }: S3Connection): Bucket {
  const s3 = new S3({
    endpoint: endpoint!,
    region: 'us-east-1',
    forcePathStyle: true,
    // The SDK writes into what it is given.
    credentials: { ...credentials! },
  });

  async function lineOf(prefix: string, key: string): Promise<string> {
    const { Body } = await s3.getObject({ Bucket: bucket, Key: key });
    const hash = createHash('sha256');
    let size = 0;
    for await (const bytes of Body as AsyncIterable<Buffer>) {
      hash.update(bytes);
      size += bytes.length;
    }
    return `${JSON.stringify(key.slice(prefix.length))} ${size} ${hash.digest('hex')}`;
  }

  return {
    s3,
    name: bucket,
    async put(objects) {
      await inTurns(Object.entries(objects), async ([Key, Body]) => {
        await s3.putObject({ Bucket: bucket, Key, Body });
      });
    },
    async putInParts(Key, parts) {
      const { UploadId } = await s3.createMultipartUpload({ Bucket: bucket, Key });
      const Parts: CompletedPart[] = [];
      for (const Body of parts) {
        const PartNumber = Parts.length + 1;
        const { ETag } = await s3.uploadPart({ Bucket: bucket, Key, UploadId, PartNumber, Body });
        Parts.push({ PartNumber, ETag });
      }
      await s3.completeMultipartUpload({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts } });
    },
    async contents(prefix = '') {
      const lines: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await s3.listObjectsV2({
          Bucket: bucket,
          Prefix: prefix,
          EncodingType: 'url',
          ContinuationToken,
        });
        const keys = (page.Contents ?? []).map(({ Key = '' }) =>
          page.EncodingType === 'url' ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key,
        );
        await inTurns(keys, async (key) => void lines.push(await lineOf(prefix, key)));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return lines.toSorted();
    },
    close: () => s3.destroy(),
  };
}
