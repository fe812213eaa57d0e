// Writing only where nothing is. What two jobs must not both publish rests on it, so a server is tried before it is believed.
import { randomUUID } from 'node:crypto';
import { LonghaulError } from '../../core/errors.js';
import type { S3Client } from './client.js';
import { isCalled } from './faults.js';
import { isWritten, placeOf, type Place } from './place.js';
import { putObject } from './writer.js';

/** `false` where an object is. The server has to have been tried. */
export async function putIfAbsent(place: Place, bytes: Uint8Array): Promise<boolean> {
  try {
    await putObject(place, bytes, { IfNoneMatch: '*' });
    return true;
  } catch (error) {
    if (!isCalled(error, 'PreconditionFailed')) throw error;
    return isWritten(place).catch(() => false);
  }
}

/** Throws `connection_unsuitable` where the server ignores conditions. Three small requests, once for each client. */
export function createTrial(client: S3Client): () => Promise<void> {
  let passed: Promise<void> | null = null;
  return async () => {
    passed ??= tryConditions(client);
    await passed.catch((error: unknown) => {
      passed = null;
      throw error;
    });
  };
}

async function tryConditions(client: S3Client): Promise<void> {
  const path = `.probe-${randomUUID()}`;
  const put = () => putIfAbsent(placeOf(client, path, client.root + path, {}), Buffer.from('probe'));
  await put();
  const isIgnored = await put();
  await client.send(`remove ${path}`, (s3, options) =>
    s3.deleteObject({ Bucket: client.bucket, Key: client.root + path }, options),
  );
  if (isIgnored) throw ignored(client.bucket);
}

function ignored(bucket: string): LonghaulError {
  const message = `The server of bucket ${bucket} ignores conditional writes (If-None-Match).`;
  return new LonghaulError('connection_unsuitable', message, {
    hint: 'Two jobs could both publish one archive: use a server that honours them; docs/connections.md names some.',
  });
}
