// A bucket under the suite for all stores, and what only a bucket has: parts, conditions, refusals, a way there that fails.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { S3Connection } from '../../src/config/s3.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Store } from '../../src/core/store.js';
import { testContext } from '../support/reading.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';
import { describeStore } from './store-suite.js';

const missing = await s3Missing();
/** One part and the beginning of the next. */
const TWO_PARTS = 9 * 1024 * 1024;

describe.skipIf(missing)(`s3${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  beforeAll(async () => void (server = await startS3()));
  afterAll(() => server.stop());

  describeStore('s3', {
    unfinishedBytes: TWO_PARTS,
    async open() {
      const prefix = `tests/${randomUUID()}`;
      const config = server.connection({ prefix });
      return { store: storeOf(config), other: storeOf(config), dispose: () => server.clear(prefix) };
    },
  });

  test('is found fit', async () => {
    const connection = createS3Connection('bucket', server.connection());
    expect(await connection.check(testContext())).toBe(
      'bucket vault is writable and honours conditional writes',
    );
  });

  test.for([
    [
      'a wrong secret',
      { credentials: { accessKeyId: 'operator', secretAccessKey: 'wrong' } },
      'unauthorized',
    ],
    ['a bucket that is not there', { bucket: 'none' }, 'bucket_missing'],
    ['nobody at the endpoint', { endpoint: 'http://127.0.0.1:9' }, 'source_unreachable'],
  ] as const)('names %s', async ([, differing, code]) => {
    const connection = createS3Connection('bucket', server.connection(differing));
    await expect(connection.check(testContext())).rejects.toMatchObject({ code });
  });
});

function storeOf(config: S3Connection): Store {
  const { store } = createS3Connection('bucket', config);
  if (!store) throw new Error('an s3 connection has a store');
  return store();
}
