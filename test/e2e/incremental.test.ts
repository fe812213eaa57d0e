// Objects backed up on a base by real jobs while workers are killed: what comes out is what was there, of the objects that
// have not changed nothing is asked for but their listing, and the second archive is small.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { bucketOf, type Bucket } from '../support/bucket.js';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.js';
import { treeOf, writeFiles } from '../support/file-tree.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance, type Problem } from '../support/harness.js';
import { kill } from '../support/processes.js';
import { s3Missing, startS3, type S3Server } from '../support/s3.js';

const SMALL = 1_200;
const CHANGED = 25;
const GONE = 10;
const LARGE = 2 * 16 * 1_048_576 + 4_711;
const KILLS = 2;
/** What one lane reads ahead of what is flushed. */
const LOST_TO_A_KILL = 16;
const missing = await s3Missing();

const noise = randomBytes(65_536);
const name = (index: number): string => `s/${index % 13}/objekt ${index}.bin`;
const body = (index: number): Buffer => noise.subarray(index % 5_000, (index % 5_000) + 512 + (index % 999));
const objects = (from: number, to: number, make = body): Record<string, Buffer> =>
  Object.fromEntries(Array.from({ length: to - from }, (_, at) => [name(from + at), make(from + at)]));
const changed = objects(100, 100 + CHANGED, (index) => Buffer.from(`changed ${index}`));

describe.skipIf(missing !== null)(
  `backups on a base${missing === null ? '' : ` (${missing})`}`,
  { timeout: START_TIMEOUT_MS },
  () => {
    let server: S3Server;
    let proxy: CountingProxy;
    let bucket: Bucket;
    let longhaul: LonghaulInstance;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'longhaul-incremental-'));
      server = await startS3();
      bucket = bucketOf(server.connection());
      proxy = await startCountingProxy(server.endpoint);
      const cloud = server.connection({
        endpoint: proxy.endpoint,
        streams: { photos: { prefix: 'from/' } },
      });
      const back = server.connection({ streams: { photos: { prefix: 'back/' } } });
      const chest = server.connection({ prefix: 'chest' });
      const disk = { type: 'file', path: folder, streams: { tree: {} } };
      const copy = { type: 'file', path: path.join(folder, 'copy'), streams: { tree: {} } };
      longhaul = await startLonghaul({ connections: { cloud, back, chest, disk, copy }, workers: 2 });
    }, START_TIMEOUT_MS);

    afterAll(async () => {
      await longhaul?.stop();
      bucket?.close();
      await proxy?.stop();
      await server?.stop();
      await rm(folder, { recursive: true });
    }, 60_000);

    const archiveOf = (job: Job): string => job.archive!.slice(job.archive!.indexOf('/') + 1);

    /** On a base, in small steps, each kill in the midst of it. */
    async function backUpUnderFire(source: string, sink: string, base: string): Promise<Job> {
      const { id } = await longhaul.post({
        kind: 'backup',
        source: { connection: source },
        sink: { connection: sink },
        options: { base, lanes: 1, pageSize: 5, checkpoint: { pages: 1 } },
      });
      for (let round = 1; round <= KILLS; round += 1) {
        const at = (round * SMALL) / (KILLS + 2);
        const seen = await longhaul.waitFor(id, 'it is under way', ({ progress }) => progress.records > at);
        expect(seen.state).toBe('running');
        for (const pid of await longhaul.workerPids()) await kill(pid);
      }
      return longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed', 280_000);
    }

    test('of a bucket ask for what changed alone, whatever is killed', async () => {
      const under = (all: Record<string, Buffer>) =>
        Object.fromEntries(Object.entries(all).map(([key, bytes]) => [`from/${key}`, bytes]));
      await bucket.put(under({ ...objects(0, SMALL), 'large.bin': Buffer.alloc(LARGE, noise) }));
      const first = await longhaul.run({
        kind: 'backup',
        source: { connection: 'cloud' },
        sink: { connection: 'vault' },
      });
      await bucket.put(under(changed));
      for (let index = 0; index < GONE; index += 1)
        await bucket.s3.deleteObject({ Bucket: bucket.name, Key: `from/${name(index)}` });
      await bucket.put(under({ 'new.bin': noise }));

      const before = proxy.asked.length;
      const second = await backUpUnderFire('cloud', 'vault', archiveOf(first));
      expect(second.progress.records).toBe(SMALL + 2 - GONE);
      const reads = proxy.asked.slice(before).filter((asked) => !asked.includes('list-type'));
      expect(new Set(reads).size).toBe(CHANGED + 1);
      expect(reads.length).toBeLessThanOrEqual(CHANGED + 1 + KILLS * LOST_TO_A_KILL);
      expect(second.result!.storedBytes).toBeLessThan(first.result!.storedBytes / 5);

      const source = { connection: 'vault', archive: archiveOf(second) };
      const verified = await longhaul.run({ kind: 'verify', source });
      expect(verified.result).toMatchObject({ records: SMALL + 2 - GONE });
      await longhaul.run({ kind: 'restore', source, sink: { connection: 'back' } });
      expect(await bucket.contents('back/')).toEqual(await bucket.contents('from/'));
    });

    test('of a folder into a bucket come back as they were, over a chain', async () => {
      const tree = path.join(folder, 'tree');
      await writeFiles(tree, { ...objects(0, SMALL), 'ä/large.bin': Buffer.alloc(LARGE, noise) });
      const first = await longhaul.run({
        kind: 'backup',
        source: { connection: 'disk' },
        sink: { connection: 'chest' },
      });
      await writeFiles(tree, changed);
      const second = await backUpUnderFire('disk', 'chest', archiveOf(first));
      for (let index = 0; index < GONE; index += 1) await rm(path.join(tree, name(index)));
      await writeFiles(tree, { later: 'later' });
      const third = await longhaul.run({
        kind: 'backup',
        source: { connection: 'disk' },
        sink: { connection: 'chest' },
        options: { base: archiveOf(second) },
      });
      const remove = (job: Job) => longhaul.call<Problem>('DELETE', `/v1/archives/${job.archive}`);
      for (const needed of [first, second]) {
        expect(await remove(needed)).toMatchObject({ status: 409, body: { code: 'archive_needed' } });
      }
      const source = { connection: 'chest', archive: archiveOf(third) };
      await longhaul.run({ kind: 'verify', source });
      await longhaul.run({ kind: 'restore', source, sink: { connection: 'copy' } });
      expect(await treeOf(path.join(folder, 'copy/tree'))).toEqual(await treeOf(tree));

      for (const job of [third, second, first]) expect((await remove(job)).status).toBe(204);
      expect(await remove(first)).toMatchObject({ status: 404, body: { code: 'archive_missing' } });
      expect((await bucket.contents('chest/')).filter((line) => !line.includes('.jobs/'))).toEqual([]);
    });
  },
);
