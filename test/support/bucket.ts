// Puts objects into a bucket and shows what is in it, by the SDK alone.
import { createHash } from 'node:crypto';
import { S3 } from '@aws-sdk/client-s3';
import type { S3Connection } from '../../src/config/s3.js';

export interface Bucket {
  readonly s3: S3;
  readonly name: string;
  put(objects: Readonly<Record<string, string | Buffer>>): Promise<void>;
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
    const bytes = Buffer.from(await Body!.transformToByteArray());
    const hash = createHash('sha256').update(bytes).digest('hex');
    return `${JSON.stringify(key.slice(prefix.length))} ${bytes.length} ${hash}`;
  }

  return {
    s3,
    name: bucket,
    async put(objects) {
      await inTurns(Object.entries(objects), async ([Key, Body]) => {
        await s3.putObject({ Bucket: bucket, Key, Body });
      });
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

async function inTurns<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await run(item);
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}
