// The `s3` connection: a bucket, or what lies below a prefix in it, that holds archives.
import type { S3Connection } from '../../config/s3.js';
import type { Connection } from '../../core/registry.js';
import { createS3Client } from './client.js';

export function createS3Connection(name: string, config: S3Connection): Connection {
  const client = createS3Client(config);
  return {
    name,
    type: 's3',
    limits: config.limits ?? {},
    check: (ctx) =>
      client.send(
        'see it',
        async (s3, options) => {
          await s3.listObjectsV2({ Bucket: client.bucket, Prefix: client.root, MaxKeys: 1 }, options);
          return `bucket ${client.bucket} is there`;
        },
        ctx,
      ),
  };
}
