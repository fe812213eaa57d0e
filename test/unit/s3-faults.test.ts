// What can go wrong between a store and its bucket, each at the request where it hurts most: what may pass is survived, the
// rest is named.
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { S3Connection } from '../../src/config/s3.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Store } from '../../src/core/store.js';
import { paths, read } from '../conformance/store-suite.js';
import { testContext } from '../support/reading.js';
import { startS3Proxy, type S3Proxy, type Seen } from '../support/s3-proxy.js';
import { s3Missing, startS3, storeOf, uploadsIn, type S3Server } from '../support/s3.js';

const missing = await s3Missing();
const SMALL = Buffer.from('a small object');
/** Three parts. */
const LARGE = randomBytes(20 * 1024 * 1024);

const isPut = ({ method, url }: Seen) => method === 'PUT' && !url.includes('uploadId');
const isPart = ({ method, url }: Seen) => method === 'PUT' && url.includes('partNumber');
const isCompletion = ({ method, url }: Seen) => method === 'POST' && url.includes('uploadId');
const isGet = ({ method, url }: Seen) => method === 'GET' && !url.includes('?list-type');
const isList = ({ url }: Seen) => url.includes('list-type=2');
const isConditional = ({ headers }: Seen) => headers['if-none-match'] !== undefined;
const any = () => true;
const forGood = Infinity;

describe.skipIf(missing)(`a bucket behind a bad network${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  let proxy: S3Proxy;
  let config: S3Connection;
  let store: Store;

  beforeAll(async () => void (server = await startS3()));
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await startS3Proxy(server.endpoint);
    config = server.connection({ endpoint: proxy.endpoint, prefix: randomUUID() });
    store = storeOf(config);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await proxy.close();
    proxy.assertAllFired();
    const left = await uploadsIn({ ...config, endpoint: server.endpoint });
    if (left.length > 0) throw new Error(`uploads that nobody ended: ${left.join()}`);
  });

  async function write(path: string, bytes: Buffer): Promise<void> {
    const writer = await store.create(path);
    await writer.write(bytes);
    await writer.commit();
  }

  const PASSING = [
    ['SlowDown', { type: 'refuse', status: 503, code: 'SlowDown' }],
    ['an internal error', { type: 'refuse', status: 500, code: 'InternalError' }],
    ['a timeout', { type: 'refuse', status: 400, code: 'RequestTimeout' }],
    ['a lost answer', { type: 'lose-answer' }],
    ['a cut answer', { type: 'cut' }],
  ] as const;

  test.for(PASSING)('%s is survived in every kind of request', async ([, kind]) => {
    for (const fits of [isPut, isPart, isCompletion]) proxy.add(kind, fits);
    await write('small', SMALL);
    await write('large', LARGE);
    for (const fits of [isGet, isList]) proxy.add(kind, fits);
    expect((await read(store, 'large')).equals(LARGE)).toBe(true);
    expect(await paths(store, '')).toEqual(['large', 'small']);
    for (const method of ['HEAD', 'DELETE'])
      proxy.add({ type: 'lose-answer' }, (seen) => seen.method === method);
    expect(await store.stat('small')).toEqual({ path: 'small', size: SMALL.length });
    await store.remove('small');
  });

  test('goes on reading at the byte that was reached, and only of the same object', async () => {
    await write('large', LARGE);
    proxy.add({ type: 'cut' }, isGet);
    expect((await read(store, 'large')).equals(LARGE)).toBe(true);
    const [first, second, ...more] = proxy.seen.filter(isGet);
    expect([first?.headers.range, more]).toEqual([undefined, []]);
    expect(second?.headers.range).toBe(`bytes=${LARGE.length / 2}-`);
    expect(second?.headers['if-match']).toMatch(/^"/);
  });

  test('reads a small object again that was changed on its way, and names a large one', async () => {
    await write('small', SMALL);
    await write('large', LARGE);
    proxy.add({ type: 'change-answer' }, isGet, 2);
    expect(await read(store, 'small')).toEqual(SMALL);
    proxy.add({ type: 'change-answer' }, isGet);
    await expect(read(store, 'large')).rejects.toMatchObject({ code: 'response_invalid' });
  });

  test('sends again what was changed on its way', async () => {
    for (const fits of [isPut, isPart]) proxy.add({ type: 'change-request' }, fits);
    await write('small', SMALL);
    await write('large', LARGE);
    expect(await read(store, 'small')).toEqual(SMALL);
    expect((await read(store, 'large')).equals(LARGE)).toBe(true);
  });

  test('knows its own conditional write again whose answer was lost', async () => {
    await store.put('first', SMALL, { ifAbsent: true });
    proxy.add({ type: 'lose-answer' }, isConditional);
    expect(await store.put('mine', SMALL, { ifAbsent: true })).toBe(true);
    expect(await store.put('mine', SMALL, { ifAbsent: true })).toBe(false);
  });

  test('refuses a server that ignores conditions, in a check and at the first conditional write', async () => {
    proxy.add({ type: 'ignore-condition' }, isConditional, forGood);
    const unfit = {
      code: 'connection_unsuitable',
      message: expect.stringContaining('If-None-Match') as string,
    };
    await expect(checked(config)).rejects.toMatchObject(unfit);
    await expect(store.put('once', SMALL, { ifAbsent: true })).rejects.toMatchObject(unfit);
    expect(await paths(store, '')).toEqual([]);
  });

  test.for([
    [403, 'AccessDenied', 'permission_denied'],
    [403, 'InvalidAccessKeyId', 'unauthorized'],
    [403, 'SignatureDoesNotMatch', 'unauthorized'],
    [400, 'ExpiredToken', 'unauthorized'],
    [403, 'RequestTimeTooSkewed', 'clock_skewed'],
    [404, 'NoSuchBucket', 'bucket_missing'],
    [301, 'PermanentRedirect', 'config_invalid'],
    [400, 'AuthorizationHeaderMalformed', 'config_invalid'],
    [503, 'SlowDown', 'source_throttled'],
    [503, 'ServiceUnavailable', 'source_unavailable'],
    [500, 'InternalError', 'source_unavailable'],
    [501, 'NotImplemented', 'connection_unsuitable'],
    [507, 'XMinioStorageFull', 'disk_full'],
    [400, 'InvalidStorageClass', 'source_refused'],
  ] as const)('%i %s is %s', async ([status, code, named]) => {
    proxy.add({ type: 'refuse', status, code }, any, forGood);
    const message = expect.stringContaining(`${code} (${status})`) as string;
    await expect(checked(config)).rejects.toMatchObject({ code: named, message });
  });

  test('is a timeout where the server says nothing', async () => {
    proxy.add({ type: 'stall' }, any, forGood);
    const timeout = checked({ ...config, timeoutSeconds: 0.2 });
    await expect(timeout).rejects.toMatchObject({ code: 'source_timeout' });
  });

  test('goes by the clock of the server where that of this machine is wrong', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    await write('small', SMALL);
    expect(await read(store, 'small')).toEqual(SMALL);
    expect(proxy.seen.length).toBe(3);
  });

  test('is bucket_missing in every kind of request when the bucket is gone', async () => {
    const gone = storeOf({ ...config, bucket: 'gone' });
    const named = { code: 'bucket_missing' };
    await expect(gone.put('a', SMALL)).rejects.toMatchObject(named);
    await expect(gone.stat('a')).rejects.toMatchObject(named);
    await expect(read(gone, 'a')).rejects.toMatchObject(named);
    await expect(paths(gone, '')).rejects.toMatchObject(named);
    await expect(gone.remove('a')).rejects.toMatchObject(named);
    await expect(gone.removeAll('a')).rejects.toMatchObject(named);
    const writer = await gone.create('a');
    await expect(writer.write(LARGE)).rejects.toMatchObject(named);
    await writer.abort();
  });

  test('says how objects are to be kept: encryption, tags, and the class of what stays', async () => {
    const kept = storeOf({
      ...config,
      encryption: { type: 'aws:kms', keyId: 'key-1' },
      storageClass: 'STANDARD_IA',
      tags: { team: 'ops & data' },
    });
    await kept.put('work', SMALL).catch(() => undefined);
    const writer = await kept.create('segment');
    await writer.write(SMALL);
    await writer.commit().catch(() => undefined);
    const told = proxy.seen
      .filter(isPut)
      .map(({ headers }) => [
        headers['x-amz-server-side-encryption'],
        headers['x-amz-server-side-encryption-aws-kms-key-id'],
        headers['x-amz-tagging'],
        headers['x-amz-storage-class'],
      ]);
    expect(told).toEqual([
      ['aws:kms', 'key-1', 'team=ops+%26+data', undefined],
      ['aws:kms', 'key-1', 'team=ops+%26+data', 'STANDARD_IA'],
    ]);
  });
});

function checked(config: S3Connection): Promise<string> {
  return createS3Connection('bucket', config).check(testContext());
}
