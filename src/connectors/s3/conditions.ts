// Writing only where nothing is. What two jobs must not both publish rests on it, so a server is tried before it is believed.
import { randomUUID } from 'node:crypto';
import { LonghaulError } from '../../core/errors.js';
import type { S3Client } from './client.js';
import { isCalled } from './faults.js';
import { isWritten, placeOf, type Keeping, type Place } from './place.js';
import { putObject } from './writer.js';

/** `false` where an object is. The server has to have been tried. */
export async function putIfAbsent(place: Place, bytes: Uint8Array): Promise<boolean> {
  try {
    await putObject(place, bytes, { IfNoneMatch: '*' });
    return true;
  } catch (error) {
    if (!isCalled(error, 'PreconditionFailed')) throw error;
    return isWritten(place).catch(unlessGone);
  }
}

/** What stood there is gone again: it was somebody else's. */
function unlessGone(error: unknown): false {
  if (error instanceof LonghaulError && error.code === 'object_missing') return false;
  throw error;
}

/** Throws `connection_unsuitable` where the server ignores conditions. Three small requests, once for each client. */
export function createTrial(client: S3Client, keeping: Keeping): () => Promise<void> {
  let passed: Promise<void> | null = null;
  return async () => {
    passed ??= tryConditions(client, keeping);
    await passed.catch((error: unknown) => {
      passed = null;
      throw error;
    });
  };
}

/** Written as all else is: a bucket may refuse what is not encrypted or tagged. */
async function tryConditions(client: S3Client, { encryption, tags }: Keeping): Promise<void> {
  const path = `.probe-${randomUUID()}`;
  const place = () => placeOf(client, path, client.root + path, { encryption, tags });
  const { Bucket, Key } = place().fields;
  try {
    await putIfAbsent(place(), Buffer.from('probe'));
    if (await putIfAbsent(place(), Buffer.from('probe'))) throw ignored(client.bucket);
  } finally {
    await client.send(`remove ${path}`, (s3, options) => s3.deleteObject({ Bucket, Key }, options));
  }
}

function ignored(bucket: string): LonghaulError {
  const message = `The server of bucket ${bucket} ignores conditional writes (If-None-Match).`;
  return new LonghaulError('connection_unsuitable', message, {
    hint: 'Two jobs could both publish one archive: use a server that honours them; docs/connections.md names some.',
  });
}
