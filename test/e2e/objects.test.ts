// A bucket of many small objects and a large one is backed up while workers are killed, verified, and restored into another
// prefix and into a folder: what comes out is what went in, and next to nothing is asked for twice. With OBJECTS=full there are
// 100,000 small objects, of up to 64 KiB, and one of 6 GiB, which takes half an hour and 40 GB of disk.
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
import { canMeasureMemory, peakMemory } from '../support/memory.js';
import { kill } from '../support/processes.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';

const FULL = process.env['OBJECTS'] === 'full';
const PIECE = 16 * 1_048_576;
const [SMALL, PIECES] = FULL ? [100_000, 384] : [8_000, 12];
/** Of small objects, beyond 1 KiB. */
const SPREAD = FULL ? 64_512 : 7_000;
const LARGE = PIECES * PIECE + 4_711;
const KILLS = 4;
const WITHIN_MS = FULL ? 1_800_000 : 280_000;
const COPIED = 2_000;
/** Of each lane: what was not durable yet, and the objects that were asked for after it. */
const [LANES, UNSURE, AHEAD] = [4, FULL ? 256 : 32, 16];
const LOST_TO_A_KILL = LANES * (UNSURE + AHEAD);
/** Of the few objects: pages as large as a checkpoint, so that what a kill may repeat is a page for each lane. */
const OPTIONS = FULL ? {} : { pageSize: UNSURE, checkpoint: { bytes: 32_768 } };
const missing = await s3Missing();

const noise = randomBytes(131_072);
const smallObjects = (): Record<string, Buffer> =>
  Object.fromEntries(
    Array.from({ length: SMALL }, (_, index) => [
      `s/${index % 13}/objekt ${index}.bin`,
      noise.subarray(index % 5_000, (index % 5_000) + 1_024 + (index % SPREAD)),
    ]),
  );

/** Each piece differs from the others. */
function* largeObject(): Generator<Buffer> {
  for (let piece = 0; piece < PIECES; piece++)
    yield Buffer.alloc(PIECE, noise.subarray(piece, piece + 65_537));
  yield noise.subarray(0, LARGE % PIECE);
}

describe.skipIf(missing !== null)(
  `objects${missing === null ? '' : ` (${missing})`}`,
  { timeout: FULL ? 2 * WITHIN_MS : START_TIMEOUT_MS },
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
    }, WITHIN_MS);

    const archiveOf = (job: Job): string => job.archive!.slice(job.archive!.indexOf('/') + 1);
    const killWorkers = async (): Promise<void> => {
      for (const pid of await longhaul.workerPids()) await kill(pid);
    };
    const memory = async (): Promise<string> => {
      const peaks = await Promise.all((await longhaul.workerPids()).map(peakMemory));
      return `${Math.round(Math.max(...peaks) / 1_048_576)} MiB`;
    };

    test('of a bucket come back as they were, whatever is killed, with next to no request made twice', async ({
      annotate,
    }) => {
      await bucket.put(
        Object.fromEntries(Object.entries(smallObjects()).map(([key, body]) => [`from/${key}`, body])),
      );
      await bucket.putInParts('from/large.bin', largeObject());
      const job = await longhaul.post({
        kind: 'backup',
        source: { connection: 'cloud' },
        sink: { connection: 'vault' },
        options: { lanes: LANES, ...OPTIONS },
      });
      const isSmall = (asked: string) => asked.startsWith('GET') && asked.includes('/s/');
      const isPiece = (asked: string) => asked.startsWith('GET') && asked.includes('large.bin');
      await proxy.waitFor(SMALL / 4, isSmall, WITHIN_MS);
      await killWorkers();
      await proxy.waitFor(SMALL / 2, isSmall, WITHIN_MS);
      await killWorkers();
      await proxy.waitFor(4, isPiece, WITHIN_MS);
      await killWorkers();
      await proxy.waitFor(9, isPiece, WITHIN_MS);
      await killWorkers();
      const done = await longhaul.waitFor(
        job.id,
        'it completes',
        ({ state }) => state === 'completed',
        WITHIN_MS,
      );
      expect(done.progress.records).toBe(SMALL + 1);

      const pieces = proxy.asked.filter(isPiece);
      const ranges = new Set(pieces);
      expect(ranges.size).toBe(PIECES + 1);
      // Each kill: the piece that was not durable yet, and nothing beyond it.
      expect(pieces.length - ranges.size).toBeLessThanOrEqual(KILLS);
      const smalls = proxy.asked.filter(isSmall);
      expect(smalls.length - SMALL).toBeLessThanOrEqual(KILLS * LOST_TO_A_KILL);
      const unavoidable = SMALL + Math.ceil(SMALL / 1_000) + PIECES + 1;
      expect(proxy.asked.length).toBeLessThanOrEqual(1.1 * unavoidable);
      const [asked, peak] = [proxy.asked.length, canMeasureMemory ? await memory() : 'not known'];
      const seconds = (Date.parse(done.endedAt!) - Date.parse(done.createdAt)) / 1_000;
      await annotate(
        `${asked} requests, ${unavoidable} unavoidable; ${seconds} s; peak of a worker: ${peak}`,
      );

      const source = { connection: 'vault', archive: archiveOf(done) };
      const verified = await longhaul.run({ kind: 'verify', source });
      expect(verified.result).toMatchObject({ records: SMALL + 1 });

      const restore = await longhaul.post({ kind: 'restore', source, sink: { connection: 'back' } });
      await longhaul.waitFor(
        restore.id,
        'it is under way',
        ({ progress }) => progress.records > SMALL / 3,
        WITHIN_MS,
      );
      await killWorkers();
      await longhaul.waitFor(restore.id, 'it completes', ({ state }) => state === 'completed', WITHIN_MS);
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
      await bucket.putInParts('origin/large.bin', largeObject());
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
        WITHIN_MS,
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
