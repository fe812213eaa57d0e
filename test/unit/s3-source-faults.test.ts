// What can go wrong while a bucket is read, on a real server: what may pass is survived, what is of one object is set aside,
// the rest is named.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { patient } from '../../src/activities/patience.js';
import type { S3Connection } from '../../src/config/s3.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Page, Source } from '../../src/core/connector.js';
import { entriesOf } from '../../src/records/tar/entry.js';
import { bucketOf, type Bucket } from '../support/bucket.js';
import { collect, partitionsOf, readPages, testContext } from '../support/reading.js';
import { startS3Proxy, type S3Proxy, type Seen } from '../support/s3-proxy.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';

const missing = await s3Missing();
const WHOLE = { id: '0', range: { after: null, to: null }, estimate: null };
const OBJECTS = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${10 + i}`, `body ${i}`]));

const recordsIn = (pages: readonly Page[]) => pages.reduce((sum, { records }) => sum + records, 0);
const rejectsIn = (pages: readonly Page[]) => pages.flatMap(({ rejects = [] }) => rejects);
const bodiesIn = (pages: readonly Page[]) =>
  Object.fromEntries(
    pages
      .flatMap((page) => [...entriesOf(Buffer.concat([...page.payload.chunks]))])
      .map(({ entry, body }) => [entry.key, body.toString()]),
  );
const isOf = (key: string) => (seen: Seen) => seen.method === 'GET' && seen.url.split('?')[0]!.endsWith(key);
const isList = ({ url }: Seen) => url.includes('list-type=2');

describe.skipIf(missing)(`a bucket that is read${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  let bucket: Bucket;
  let proxy: S3Proxy;
  let prefix: string;

  beforeAll(async () => {
    server = await startS3();
    bucket = bucketOf(server.connection());
  });
  afterAll(async () => {
    bucket.close();
    await server.stop();
  });
  beforeEach(async () => {
    prefix = `${randomUUID()}/`;
    proxy = await startS3Proxy(server.endpoint);
    await bucket.put(Object.fromEntries(Object.entries(OBJECTS).map(([key, body]) => [prefix + key, body])));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await proxy.close();
    proxy.assertAllFired();
  });

  const sourceOf = (differing: Partial<S3Connection> = {}): Source => {
    const config = server.connection({
      endpoint: proxy.endpoint,
      streams: { all: { prefix } },
      ...differing,
    });
    const source = createS3Connection('cloud', config).source!({ pageSize: 10 });
    return patient(source, { now: Date.now, sleep: async () => undefined });
  };

  test('is unauthorized where the secret is wrong or the key is unknown', async () => {
    const { accessKey, secretKey } = server;
    for (const credentials of [
      { accessKeyId: accessKey, secretAccessKey: 'wrong' },
      { accessKeyId: 'nobody', secretAccessKey: secretKey },
    ]) {
      const reading = readPages(sourceOf({ credentials }), 'all', WHOLE);
      await expect(reading).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });

  test('is bucket_missing where it is not there, when it is planned and when it is read', async () => {
    const source = sourceOf({ bucket: 'gone' });
    const named = { code: 'bucket_missing' };
    await expect(partitionsOf(source, 'all', 4)).rejects.toMatchObject(named);
    await expect(readPages(source, 'all', WHOLE)).rejects.toMatchObject(named);
  });

  test('is bucket_missing when it is deleted in the middle, after the pages that had come', async () => {
    const name = `b-${randomUUID()}`;
    await bucket.s3.createBucket({ Bucket: name });
    for (const [Key, Body] of Object.entries(OBJECTS)) await bucket.s3.putObject({ Bucket: name, Key, Body });
    const source = sourceOf({ bucket: name, streams: { all: { prefix: '' } } });
    const pages: Page[] = [];
    const reading = async () => {
      for await (const page of source.read(testContext(), 'all', WHOLE, null)) {
        pages.push(page);
        if (pages.length > 1) continue;
        for (const Key of Object.keys(OBJECTS)) await bucket.s3.deleteObject({ Bucket: name, Key });
        await bucket.s3.deleteBucket({ Bucket: name });
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'bucket_missing' });
    expect(recordsIn(pages)).toBeGreaterThanOrEqual(10);
  });

  test('is read where the clock of this machine is wrong', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    expect(recordsIn(await readPages(sourceOf(), 'all', WHOLE))).toBe(30);
  });

  test('is clock_skewed where the server refuses that too', async () => {
    proxy.add({ type: 'refuse', status: 403, code: 'RequestTimeTooSkewed' }, isList, 2);
    await expect(readPages(sourceOf(), 'all', WHOLE)).rejects.toMatchObject({ code: 'clock_skewed' });
  });

  test('is read but for the objects that its policy denies, each a reject', async () => {
    const at = `arn:aws:s3:::${server.bucket}`;
    const allowed = Object.keys(OBJECTS).filter((key) => key !== 'k20');
    const config = await server.user(`reader-${randomUUID()}`, [
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: at },
      ...allowed.map((key) => ({
        Effect: 'Allow' as const,
        Action: ['s3:GetObject'],
        Resource: `${at}/${prefix}${key}`,
      })),
    ]);
    const pages = await readPages(sourceOf({ credentials: config.credentials! }), 'all', WHOLE);
    expect(recordsIn(pages)).toBe(29);
    expect(rejectsIn(pages)).toMatchObject([{ code: 'permission_denied', records: 1 }]);
    expect(rejectsIn(pages)[0]!.message).toContain('k20');
  });

  test.for([
    ['came cut short', { type: 'cut' }],
    ['was changed on its way', { type: 'change-answer' }],
    ['came with an error', { type: 'refuse', status: 500, code: 'InternalError' }],
    ['was refused for the rate', { type: 'refuse', status: 503, code: 'SlowDown' }],
  ] as const)('is asked again for an object that %s, and for no other before it', async ([, kind]) => {
    proxy.add(kind, isOf('k25'), 2);
    const ctx = testContext();
    const pages = await collect(sourceOf().read(ctx, 'all', WHOLE, null));
    expect(bodiesIn(pages)).toEqual(OBJECTS);
    expect(proxy.seen.filter(isOf('k25'))).toHaveLength(3);
    expect(proxy.seen.filter(isOf('k19'))).toHaveLength(1);
    expect(ctx.waits).not.toEqual([]);
  });

  test('is listed again where that is refused for the rate or with an error', async () => {
    proxy.add({ type: 'refuse', status: 503, code: 'SlowDown' }, isList);
    proxy.add({ type: 'refuse', status: 500, code: 'InternalError' }, isList);
    proxy.add({ type: 'cut' }, isList);
    expect(recordsIn(await readPages(sourceOf(), 'all', WHOLE))).toBe(30);
  });
});
