// A bucket under the suite for all stores, and what only a bucket has: parts, conditions, refusals, a way there that fails.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import { testContext } from '../support/reading.js';
import { startS3Proxy } from '../support/s3-proxy.js';
import { s3Missing, startS3, storeOf, type S3Server } from '../support/s3.js';
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

  test('keeps two parts on their way at most, whatever the size of the object', async () => {
    const store = storeOf(server.connection());
    const writer = await store.create('large');
    const piece = randomBytes(1024 * 1024);
    let most = 0;
    for (let i = 0; i < 200; i += 1) {
      await writer.write(piece);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    await writer.commit();
    expect(await store.stat('large')).toEqual({ path: 'large', size: 200 * piece.length });
    // Three parts, and what the collector has not yet come to.
    expect(most).toBeLessThan(80 * 1024 * 1024);
  });

  test('lets a connection go when a reader breaks off', async () => {
    const store = storeOf(server.connection());
    // There are 64 sockets.
    for (let i = 0; i < 100; i += 1) {
      for await (const chunk of store.read('large')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(await store.stat('large')).not.toBeNull();
  });

  test('names a write whose upload was swept away', async () => {
    const store = storeOf(server.connection());
    const writer = await store.create('swept/object');
    await writer.write(Buffer.alloc(TWO_PARTS));
    await store.sweep('swept');
    await expect(writer.commit()).rejects.toMatchObject({ code: 'object_missing' });
    await writer.abort();
  });

  test('keeps no more requests on their way than its limits say', async () => {
    const proxy = await startS3Proxy(server.endpoint);
    onTestFinished(() => proxy.close());
    const limits = { concurrency: 2, requestsPerSecond: 50 };
    const store = storeOf(server.connection({ endpoint: proxy.endpoint, limits }));
    const begun = performance.now();
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.put(`limited/${i}`, Buffer.from('x'))));
    expect(proxy.mostAtOnce()).toBe(2);
    // A tenth of a second's worth may come at once.
    expect(performance.now() - begun).toBeGreaterThan(((40 - 5) / 50) * 1_000);
  });
});
