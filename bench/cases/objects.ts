// How fast a bucket of many small objects and a large one is backed up and copied, held against bare GETs of its server.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { JobSpec } from '../../src/core/spec.js';
import { bucketOf, type Bucket } from '../../test/support/bucket.js';
import { startLonghaul, type LonghaulInstance } from '../../test/support/harness.js';
import { s3Missing, startS3 } from '../../test/support/s3.js';
import { compare, type Took } from '../support/compare.js';
import type { Scale } from '../support/stage.js';
import type { Table } from '../support/tables.js';

const ROWS_AN_OBJECT = 250;
const MIB = 1_048_576;
const LARGE = 256 * MIB;
/** As many as four lanes of a job have on their way. */
const AT_ONCE = 64;
/** What `aws s3 cp --recursive` has. */
const NAIVE_AT_ONCE = 10;

/** None where the server cannot be had. */
export async function objects({ rows, rounds }: Scale): Promise<Table[]> {
  if ((await s3Missing()) !== null) return [];
  const server = await startS3();
  const bucket = bucketOf(server.connection());
  const at = (prefix: string) => server.connection({ streams: { all: { prefix } } });
  const longhaul = await startLonghaul({ connections: { cloud: at('from/'), mirror: at('mirror/') } });
  try {
    const keys = await fill(bucket, Math.ceil(rows / ROWS_AN_OBJECT));
    const source = { connection: 'cloud' };
    const ways = [
      { name: `GETs, ${AT_ONCE} at once, thrown away`, run: () => gets(bucket, keys, AT_ONCE, thrownAway) },
      {
        name: 'Longhaul, a backup',
        run: () => job(longhaul, { kind: 'backup', source, sink: { connection: 'vault' } }),
      },
      {
        name: 'Longhaul, a copy by the server',
        async run() {
          await server.clear('mirror');
          return job(longhaul, { kind: 'copy', source, sink: { connection: 'mirror' } });
        },
      },
      { name: `GETs, ${NAIVE_AT_ONCE} at once, each into a file`, run: () => intoFiles(bucket, keys) },
    ];
    const notes = [
      `${keys.length - 1} objects of 1 to 64 KiB and one of ${LARGE / MIB} MiB; versitygw on the same machine.`,
    ];
    return [await compare({ title: 'Objects of a bucket', records: keys.length, rounds, ways, notes })];
  } finally {
    await longhaul.stop();
    bucket.close();
    await server.stop();
  }
}

/** The keys. */
async function fill(bucket: Bucket, small: number): Promise<string[]> {
  const noise = randomBytes(65_536);
  const bodies = Array.from(
    { length: small },
    (_, index) => [`from/${index % 16}/${index}`, noise.subarray(0, 1_024 * (1 + (index % 64)))] as const,
  );
  await bucket.put(Object.fromEntries(bodies));
  await bucket.put({ 'from/large': randomBytes(LARGE) });
  return [...bodies.map(([key]) => key), 'from/large'];
}

async function job(longhaul: LonghaulInstance, spec: JobSpec): Promise<Took> {
  const { id } = await longhaul.post(spec);
  const done = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed', 3_600_000);
  if (spec.kind === 'backup') await rm(longhaul.archiveOf(done), { recursive: true });
  const { requests } = done.progress;
  return { ms: Date.parse(done.endedAt!) - Date.parse(done.createdAt), more: { requests } };
}

async function gets(
  { s3, name }: Bucket,
  keys: readonly string[],
  atOnce: number,
  take: (body: Readable, index: number) => Promise<void>,
): Promise<Took> {
  const start = performance.now();
  const rest = keys.entries();
  const lanes = Array.from({ length: atOnce }, async () => {
    for (const [index, Key] of rest) {
      const { Body } = await s3.getObject({ Bucket: name, Key });
      await take(Body as Readable, index);
    }
  });
  await Promise.all(lanes);
  return { ms: performance.now() - start, more: { requests: keys.length } };
}

async function thrownAway(body: Readable): Promise<void> {
  for await (const _chunk of body);
}

async function intoFiles(bucket: Bucket, keys: readonly string[]): Promise<Took> {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'));
  try {
    return await gets(bucket, keys, NAIVE_AT_ONCE, (body, index) =>
      pipeline(body, createWriteStream(join(folder, String(index)))),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
