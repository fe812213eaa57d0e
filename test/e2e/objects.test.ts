// A bucket of many small objects and a large one is backed up while workers are killed, verified, and restored into another
// prefix and into a folder: what comes out is what went in, and next to nothing is asked for twice.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { bucketOf, type Bucket } from '../support/bucket.js';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.js';
import { treeOf, writeFiles } from '../support/file-tree.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { kill } from '../support/processes.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';

const SMALL = 8_000;
const PIECE = 16 * 1_048_576;
const LARGE = 12 * PIECE + 4_711;
const KILLS = 4;
const COPIED = 2_000;
/** Of each lane: the page that was not durable yet, and the objects that were asked for after it. */
const [LANES, PAGE, AHEAD] = [4, 32, 16];
const LOST_TO_A_KILL = LANES * (PAGE + AHEAD);
const missing = await s3Missing();

const noise = randomBytes(65_536);
const smallObjects = (): Record<string, Buffer> =>
  Object.fromEntries(
    Array.from({ length: SMALL }, (_, index) => [
      `s/${index % 13}/objekt ${index}.bin`,
      noise.subarray(index % 5_000, (index % 5_000) + 1_024 + (index % 7_000)),
    ]),
  );

describe.skipIf(missing !== null)(
  `objects${missing === null ? '' : ` (${missing})`}`,
  { timeout: START_TIMEOUT_MS },
  () => {
    let server: S3Server;
    let proxy: CountingProxy;
    let bucket: Bucket;
    let longhaul: LonghaulInstance;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'longhaul-objects-'));
      server = await startS3();
      bucket = bucketOf(server.connection());
      proxy = await startCountingProxy(server.endpoint);
      const cloud = server.connection({
        endpoint: proxy.endpoint,
        streams: { photos: { prefix: 'from/' } },
      });
      const back = server.connection({ streams: { photos: { prefix: 'back/' } } });
      const disk = { type: 'file', path: folder, streams: { photos: {}, tree: {} } };
      const copy = { type: 'file', path: path.join(folder, 'copy'), streams: { tree: {} } };
      const at = (prefix: string) =>
        server.connection({ endpoint: proxy.endpoint, streams: { copies: { prefix } } });
      const [origin, mirror] = [at('origin/'), at('mirror/')];
      longhaul = await startLonghaul({
        connections: { cloud, back, disk, copy, origin, mirror },
        workers: 2,
      });
    }, START_TIMEOUT_MS);

    afterAll(async () => {
      await longhaul?.stop();
      bucket?.close();
      await proxy?.stop();
      await server?.stop();
      await rm(folder, { recursive: true });
    }, 60_000);

    const archiveOf = (job: Job): string => job.archive!.slice(job.archive!.indexOf('/') + 1);
    const killWorkers = async (): Promise<void> => {
      for (const pid of await longhaul.workerPids()) await kill(pid);
    };

    test('of a bucket come back as they were, whatever is killed, with next to no request made twice', async () => {
      await bucket.put(
        Object.fromEntries(Object.entries(smallObjects()).map(([key, body]) => [`from/${key}`, body])),
      );
      await bucket.put({ 'from/large.bin': Buffer.concat([Buffer.alloc(LARGE - 65_536, 'abc'), noise]) });
      const job = await longhaul.post({
        kind: 'backup',
        source: { connection: 'cloud' },
        sink: { connection: 'vault' },
        // Pages as large as a checkpoint, so that what a kill may repeat is a page for each lane.
        options: { lanes: LANES, pageSize: PAGE, checkpoint: { bytes: 32_768 } },
      });
      const isSmall = (asked: string) => asked.startsWith('GET') && asked.includes('/s/');
      const isPiece = (asked: string) => asked.startsWith('GET') && asked.includes('large.bin');
      await proxy.waitFor(SMALL / 4, isSmall);
      await killWorkers();
      await proxy.waitFor(SMALL / 2, isSmall);
      await killWorkers();
      await proxy.waitFor(4, isPiece);
      await killWorkers();
      await proxy.waitFor(9, isPiece);
      await killWorkers();
      const done = await longhaul.waitFor(
        job.id,
        'it completes',
        ({ state }) => state === 'completed',
        280_000,
      );
      expect(done.progress.records).toBe(SMALL + 1);

      const pieces = proxy.asked.filter(isPiece);
      const ranges = new Set(pieces);
      expect(ranges.size).toBe(13);
      // Each kill: the piece that was not durable yet, and nothing beyond it.
      expect(pieces.length - ranges.size).toBeLessThanOrEqual(KILLS);
      const smalls = proxy.asked.filter(isSmall);
      expect(smalls.length - SMALL).toBeLessThanOrEqual(KILLS * LOST_TO_A_KILL);
      const unavoidable = SMALL + Math.ceil(SMALL / 1_000) + 13;
      expect(proxy.asked.length).toBeLessThanOrEqual(1.1 * unavoidable);

      const source = { connection: 'vault', archive: archiveOf(done) };
      const verified = await longhaul.run({ kind: 'verify', source });
      expect(verified.result).toMatchObject({ records: SMALL + 1 });

      const restore = await longhaul.post({ kind: 'restore', source, sink: { connection: 'back' } });
      await longhaul.waitFor(
        restore.id,
        'it is under way',
        ({ progress }) => progress.records > SMALL / 3,
        280_000,
      );
      await killWorkers();
      await longhaul.waitFor(restore.id, 'it completes', ({ state }) => state === 'completed', 280_000);
      const original = await bucket.contents('from/');
      expect(original).toHaveLength(SMALL + 1);
      expect(await bucket.contents('back/')).toEqual(original);

      await longhaul.run({ kind: 'restore', source, sink: { connection: 'disk' } });
      const files = (await treeOf(path.join(folder, 'photos'))).map((line) =>
        line.split(' ').slice(0, -2).join(' '),
      );
      expect(files).toEqual(original);
    });

    test('of a bucket are copied by their server, each once whatever is killed, and none is downloaded', async () => {
      const small = Object.entries(smallObjects()).slice(0, COPIED);
      await bucket.put(Object.fromEntries(small.map(([key, body]) => [`origin/${key}`, body])));
      await bucket.put({ 'origin/large.bin': Buffer.concat([Buffer.alloc(LARGE - 65_536, 'abc'), noise]) });
      const [answered, asked] = [proxy.answered(), proxy.asked.length];
      const isCopy = (line: string) => line.startsWith('PUT') && line.includes('/mirror/');
      const job = await longhaul.post({
        kind: 'copy',
        source: { connection: 'origin' },
        sink: { connection: 'mirror' },
      });
      for (const share of [1 / 4, 1 / 2]) {
        await proxy.waitFor(COPIED * share, isCopy);
        await killWorkers();
      }
      const done = await longhaul.waitFor(
        job.id,
        'it completes',
        ({ state }) => state === 'completed',
        280_000,
      );
      expect(done).toMatchObject({ archive: null, result: { records: COPIED + 1 } });
      const copies = proxy.asked.slice(asked).filter(isCopy);
      const parts = copies.filter((line) => line.includes('partNumber'));
      expect(new Set(parts).size).toBe(Math.ceil(LARGE / (32 * 1_048_576)));
      // Each kill: what was on its way. What the server had copied by then is seen to be there.
      expect(copies.length - new Set(copies).size).toBeLessThanOrEqual(2 * LANES * AHEAD);
      // Lists, and the first byte of the large one.
      const bodies = proxy.asked
        .slice(asked)
        .filter((line) => /^GET .*\/(origin|mirror)\/.*GetObject/.test(line));
      expect(new Set(bodies.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['bytes=0-0']));
      expect(proxy.answered() - answered).toBeLessThan(LARGE / 10);
      expect(await bucket.contents('mirror/')).toEqual(await bucket.contents('origin/'));
    });

    test('of a folder come back as they were, modes and times included', async () => {
      await mkdir(path.join(folder, 'copy'));
      await writeFiles(path.join(folder, 'tree'), {
        ...smallObjects(),
        'ä/large.bin': Buffer.alloc(3 * PIECE, 'xyz'),
      });
      const done = await longhaul.run({
        kind: 'backup',
        source: { connection: 'disk', streams: ['tree'] },
        sink: { connection: 'vault' },
      });
      const source = { connection: 'vault', archive: archiveOf(done) };
      await longhaul.run({ kind: 'verify', source });
      await longhaul.run({ kind: 'restore', source, sink: { connection: 'copy' } });
      expect(await treeOf(path.join(folder, 'copy/tree'))).toEqual(await treeOf(path.join(folder, 'tree')));
    });
  },
);
