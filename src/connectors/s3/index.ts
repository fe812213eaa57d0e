// The `s3` connection: a bucket, or what lies below a prefix in it, that holds archives.
import type { S3Connection } from '../../config/s3.js';
import type { Connection } from '../../core/registry.js';
import { checkBucket } from './check.js';
import { createS3Client } from './client.js';
import { persistent } from './persistence.js';
import { createS3Stores } from './store.js';

export function createS3Connection(name: string, config: S3Connection): Connection {
  const client = createS3Client(config);
  return {
    name,
    type: 's3',
    limits: config.limits ?? {},
    store: createS3Stores(persistent(client), config),
    check: () => checkBucket(client, config),
  };
}
