// Does once what jobs do, so that a wrong key, a missing right or an unfit server is found before they run.
import { randomUUID } from 'node:crypto';
import type { S3Connection } from '../../config/s3.js';
import type { S3Client } from './client.js';
import { createTrial } from './conditions.js';
import { persistent } from './persistence.js';
import { placeOf } from './place.js';
import { abortUploadsBelow } from './removal.js';
import { beginUpload } from './upload.js';
import { putObject } from './writer.js';

/** Asks twice at most: who checks a connection waits for the answer. */
export async function checkBucket(plain: S3Client, config: S3Connection): Promise<string> {
  const client = persistent(plain, 2);
  await client.send('list objects', (s3, options) =>
    s3.listObjectsV2({ Bucket: client.bucket, Prefix: client.root, MaxKeys: 1 }, options),
  );
  await createTrial(client)();
  await tryWriting(client, config);
  const below = client.root === '' ? '' : `, below ${client.root}`;
  return `bucket ${client.bucket}${below} is writable and honours conditional writes`;
}

/** With encryption, tags and class as configured; in parts as well, which take rights of their own. */
async function tryWriting(client: S3Client, config: S3Connection): Promise<void> {
  const path = `.probe-${randomUUID()}/object`;
  const place = placeOf(client, path, client.root + path, config);
  const { Bucket, Key } = place.fields;
  await putObject(place, Buffer.from('probe'));
  await client.send(`read ${path}`, async (s3, options) => {
    const { Body } = await s3.getObject({ Bucket, Key }, options);
    return Body?.transformToByteArray();
  });
  await client.send('remove objects', (s3, options) =>
    s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key }] } }, options),
  );
  await beginUpload(place);
  await abortUploadsBelow(client, Key.slice(0, Key.lastIndexOf('/') + 1));
}
