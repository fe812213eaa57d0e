// Objects from bucket to bucket, the server doing the work: what comes out, what passes through the worker, what is done twice.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { patient } from '../../src/activities/patience.js';
import { openCopy } from '../../src/activities/sides/copy.js';
import type { S3Connection } from '../../src/config/s3.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { SealSummary } from '../../src/core/connector.js';
import type { Connection } from '../../src/core/registry.js';
import type { CopySpec } from '../../src/core/spec.js';
import { readRejects } from '../../src/archive/rejects-reader.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { systemClock } from '../../src/activities/clock.js';
import { bucketOf, type Bucket } from '../support/bucket.js';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.js';
import { writeFiles } from '../support/file-tree.js';
import { runWhole } from '../support/restoring.js';
import { startS3Proxy, type S3Proxy, type Seen } from '../support/s3-proxy.js';
import { s3Missing, startS3, storeOf, uploadsIn, type S3Server } from '../support/s3.js';

const missing = await s3Missing();
const MIB = 1_048_576;
/** Of three parts and a piece. */
const LARGE = 100 * MIB + 4_711;

const QUICK = { now: Date.now, sleep: async () => undefined };

const isCopy = ({ method, headers }: Seen) => method === 'PUT' && headers['x-amz-copy-source'] !== undefined;

describe.skipIf(missing)(`a copy within one S3 server${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  let bucket: Bucket;
  let large: Buffer;
  beforeAll(async () => {
    server = await startS3();
    bucket = bucketOf(server.connection());
    large = randomBytes(LARGE);
  });
  afterAll(async () => {
    bucket.close();
    await server.stop();
  });
  beforeEach(async () => {
    await bucket.put({ 'from/a': 'first', 'from/empty': '', 'from/b ä=&/c%20+d': randomBytes(70_000) });
    await bucket.s3.putObject({
      Bucket: bucket.name,
      Key: 'from/told',
      Body: 'told',
      ContentType: 'text/x-told',
      CacheControl: 'no-store',
      Metadata: { colour: 'green' },
      Tagging: 'team=ops',
    });
  });
  afterEach(async () => {
    for (const prefix of ['from', 'to', '.jobs']) await server.clear(prefix);
  });

  const connectionsTo = (endpoint: string, differing: Partial<S3Connection> = {}) => {
    const at = (prefix: string) =>
      server.connection({ endpoint, streams: { all: { prefix } }, ...differing });
    return {
      cloud: createS3Connection('cloud', at('from/')),
      back: createS3Connection('back', at('to/')),
    };
  };

  function copyAll(
    connections: Readonly<Record<string, Connection>>,
    mode: 'insert' | 'upsert' = 'insert',
    rejects = 0,
  ): Promise<SealSummary> {
    const spec: CopySpec = {
      kind: 'copy',
      source: { connection: 'cloud' },
      sink: { connection: 'back', mode },
      ...(rejects > 0 && { options: { rejects: { max: rejects } } }),
    };
    const deps = { connections: (name: string) => connections[name]!, clock: systemClock };
    const job = { id: 'copy-1', spec, createdAt: '' };
    const log = createRejectsLog(storeOf(server.connection()), '.jobs/copy-1');
    const policy = rejects > 0 ? { log, allowed: rejects } : null;
    const ends = openCopy(deps as never, job, spec);
    return runWhole({ ...ends, source: patient(ends.source, QUICK) }, spec, {}, policy);
  }

  test('brings bytes, headers, metadata and tags over, and downloads nothing but lists', async () => {
    await bucket.put({ 'from/large': large });
    const proxy: CountingProxy = await startCountingProxy(server.endpoint);
    const result = await copyAll(connectionsTo(proxy.endpoint));
    await proxy.stop();
    expect(result).toMatchObject({ records: 5, bytes: LARGE + 70_009 });
    expect(result.notes).toEqual([
      'Of the objects, 5 were copied by the server, 0 through the worker, and 0 were there already.',
    ]);
    expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
    const told = { Bucket: bucket.name, Key: 'to/told' };
    expect(await bucket.s3.headObject(told)).toMatchObject({
      ContentType: 'text/x-told',
      CacheControl: 'no-store',
      Metadata: { colour: 'green' },
    });
    expect((await bucket.s3.getObjectTagging(told)).TagSet).toEqual([{ Key: 'team', Value: 'ops' }]);
    expect(proxy.answered()).toBeLessThan(32_768);
    const bodies = proxy.asked.filter((asked) => asked.startsWith('GET') && asked.includes('/from/'));
    expect(bodies.map((asked) => asked.split(' ').at(-1))).toEqual(['bytes=0-0']);
    expect(await uploadsIn(server.connection())).toEqual([]);
  });

  test('copies nothing again that is there, and says so', async () => {
    await copyAll(connectionsTo(server.endpoint));
    const proxy: CountingProxy = await startCountingProxy(server.endpoint);
    const { notes } = await copyAll(connectionsTo(proxy.endpoint), 'upsert');
    await proxy.stop();
    expect(notes![0]).toContain(
      '0 were copied by the server, 0 through the worker, and 4 were there already',
    );
    expect(proxy.asked.filter((asked) => !asked.includes('list-type'))).toEqual([]);
  });

  test('tells an object in parts by its bytes where its ETag says nothing', async () => {
    await bucket.put({ 'from/large': large });
    await copyAll(connectionsTo(server.endpoint));
    const { notes } = await copyAll(connectionsTo(server.endpoint));
    expect(notes![0]).toContain('and 5 were there already');
  });

  test('sets aside an object whose key another one has, or replaces that', async () => {
    await bucket.put({ 'to/a': 'other', 'to/told': 'tomd' });
    const kept = await copyAll(connectionsTo(server.endpoint), 'insert', 5);
    expect(kept).toMatchObject({ records: 2 });
    const log = readRejects(storeOf(server.connection()), '.jobs/copy-1');
    const rejects = [];
    for await (const { reject } of log) rejects.push(reject);
    expect(rejects).toMatchObject([{ code: 'restore_conflict' }, { code: 'restore_conflict' }]);
    await expect(copyAll(connectionsTo(server.endpoint))).rejects.toMatchObject({
      cause: { code: 'rejects_exceeded' },
    });
    expect(await copyAll(connectionsTo(server.endpoint), 'upsert')).toMatchObject({ records: 4 });
    expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
  });

  test('needs no more rights than the page on connections lists', async () => {
    // One that the server has made itself: it copies for users from no other.
    const name = 'copies';
    await bucket.s3.createBucket({ Bucket: name });
    for (const Key of ['from/a', 'from/b']) await bucket.s3.putObject({ Bucket: name, Key, Body: Key });
    await bucket.s3.putObject({ Bucket: name, Key: 'from/large', Body: large });
    const any = {
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: `arn:aws:s3:::${server.bucket}`,
    } as const;
    const { credentials } = await server.user('copier', [any]);
    const at = `arn:aws:s3:::${name}`;
    const writing = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
    const more = ['s3:GetObjectTagging', 's3:PutObjectTagging', 's3:ListMultipartUploadParts'];
    const Statement = [
      { Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: at },
      { Action: [...writing, ...more], Resource: `${at}/*` },
    ].map((one) => ({ ...one, Effect: 'Allow', Principal: { AWS: 'copier' } }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await bucket.s3.putBucketPolicy({ Bucket: name, Policy });
    const differing = { bucket: name, credentials: credentials! };
    const { notes } = await copyAll(connectionsTo(server.endpoint, differing));
    expect(notes![0]).toContain('3 were copied by the server, 0 through the worker');
  });

  test('gives its own tags to objects that have none', async () => {
    await copyAll(connectionsTo(server.endpoint, { tags: { team: 'copies' } }));
    const tagsOf = async (Key: string) =>
      (await bucket.s3.getObjectTagging({ Bucket: bucket.name, Key })).TagSet;
    expect(await tagsOf('to/a')).toEqual([{ Key: 'team', Value: 'copies' }]);
    expect(await tagsOf('to/told')).toEqual([{ Key: 'team', Value: 'ops' }]);
  });

  test('is refused below its own source', async () => {
    const at = (prefix: string) => server.connection({ streams: { all: { prefix } } });
    const connections = {
      cloud: createS3Connection('cloud', at('from/')),
      back: createS3Connection('back', at('from/b/')),
    };
    await expect(copyAll(connections)).rejects.toMatchObject({ code: 'connection_unsuitable' });
  });

  test('passes through the worker from a folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'copy-'));
    await writeFiles(path.join(folder, 'all'), { a: 'first', 'b/c': randomBytes(70_000) });
    const { back } = connectionsTo(server.endpoint);
    const cloud = createFileConnection('cloud', { type: 'file', path: folder, streams: { all: {} } });
    expect(await copyAll({ cloud, back })).toMatchObject({ records: 2 });
    expect(await bucket.contents('to/')).toHaveLength(2);
    await rm(folder, { recursive: true });
  });

  describe('behind a bad network', () => {
    let proxy: S3Proxy;
    beforeEach(async () => void (proxy = await startS3Proxy(server.endpoint)));
    afterEach(async () => {
      await proxy.close();
      proxy.assertAllFired();
    });
    const isOf = (key: string) => (seen: Seen) => seen.url.split('?')[0]!.endsWith(key);

    test('looks again at an object that was not what was listed', async () => {
      const fault = { type: 'refuse', status: 412, code: 'PreconditionFailed' } as const;
      proxy.add(fault, (seen) => isCopy(seen) && isOf('to/a')(seen));
      expect(await copyAll(connectionsTo(proxy.endpoint))).toMatchObject({ records: 4 });
      expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
      const copies = proxy.seen.filter(isCopy);
      expect(copies.map(({ headers }) => headers['x-amz-copy-source-if-match'])).not.toContain(undefined);
      const stale = { CopySource: `${bucket.name}/from/a`, CopySourceIfMatch: '"another"' };
      await expect(
        bucket.s3.copyObject({ Bucket: bucket.name, Key: 'to/stale', ...stale }),
      ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    });

    test.for([
      [501, 'NotImplemented'],
      [403, 'AccessDenied'],
      [400, 'InvalidRequest'],
    ] as const)('passes through the worker where the server does not copy: %i %s', async ([status, code]) => {
      await bucket.put({ 'from/large': large });
      proxy.add({ type: 'refuse', status, code }, isCopy, Infinity);
      const { notes } = await copyAll(connectionsTo(proxy.endpoint));
      expect(notes![0]).toContain('0 were copied by the server, 5 through the worker');
      expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
      expect(await uploadsIn(server.connection())).toEqual([]);
      const asked = proxy.seen.filter(isCopy).length;
      expect(asked).toBeLessThanOrEqual(10);
    });

    test('sets an object aside that may not be read, and lets the server copy the others', async () => {
      const isDenied = isOf('/a');
      proxy.add({ type: 'refuse', status: 403, code: 'AccessDenied' }, isDenied, Infinity);
      const { records, notes } = await copyAll(connectionsTo(proxy.endpoint), 'insert', 1);
      expect(records).toBe(3);
      expect(notes![0]).toContain('3 were copied by the server, 0 through the worker');
    });

    test.for([
      ['SlowDown', { type: 'refuse', status: 503, code: 'SlowDown' }],
      ['an internal error', { type: 'refuse', status: 500, code: 'InternalError' }],
      ['a lost answer', { type: 'lose-answer' }],
    ] as const)('survives %s', async ([, kind]) => {
      await bucket.put({ 'from/large': large });
      for (const method of ['PUT', 'POST']) proxy.add(kind, (seen) => seen.method === method, 2);
      expect(await copyAll(connectionsTo(proxy.endpoint))).toMatchObject({ records: 5 });
      expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
    });

    test('knows a large object again that was made unheard of, without reading it', async () => {
      await bucket.put({ 'from/large': large });
      const isCompletion = ({ method, url }: Seen) => method === 'POST' && url.includes('uploadId');
      proxy.add({ type: 'lose-answer' }, isCompletion);
      proxy.add({ type: 'refuse', status: 404, code: 'NoSuchBucket' }, isCompletion);
      await expect(copyAll(connectionsTo(proxy.endpoint))).rejects.toMatchObject({
        cause: { code: 'bucket_missing' },
      });
      const { notes } = await copyAll(connectionsTo(proxy.endpoint));
      expect(notes![0]).toContain('and 5 were there already');
      const bodies = proxy.seen.filter(
        ({ method, headers }) => method === 'GET' && headers.range !== undefined,
      );
      expect(new Set(bodies.map(({ headers }) => headers.range))).toEqual(new Set(['bytes=0-0']));
    });

    test('goes on in the middle of a large object, no part twice', async () => {
      await bucket.put({ 'from/large': large });
      const isPart = (seen: Seen) => isCopy(seen) && seen.url.includes('partNumber');
      const isCompletion = ({ method, url }: Seen) => method === 'POST' && url.includes('uploadId');
      proxy.add({ type: 'refuse', status: 404, code: 'NoSuchBucket' }, isCompletion);
      await expect(copyAll(connectionsTo(proxy.endpoint))).rejects.toMatchObject({
        cause: { code: 'bucket_missing' },
      });
      expect(await copyAll(connectionsTo(proxy.endpoint))).toMatchObject({ records: 5 });
      const ranges = proxy.seen.filter(isPart).map(({ headers }) => headers['x-amz-copy-source-range']);
      expect(ranges).toHaveLength(4);
      expect(new Set(ranges).size).toBe(4);
      expect(await bucket.contents('to/')).toEqual(await bucket.contents('from/'));
    });
  });
});
