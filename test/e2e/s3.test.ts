// Archives in a bucket through a running Longhaul: over killed workers and a server that throttles and breaks off, nothing is
// lost, and of what is given up nothing is left.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { recordsIn } from '../support/archive-reader.js';
import { copyOut } from '../support/copy-out.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill } from '../support/processes.js';
import { collect } from '../support/reading.js';
import { startS3Proxy, type S3Proxy, type Seen } from '../support/s3-proxy.js';
import { s3Missing, startS3, storeOf, uploadsIn, type S3Server } from '../support/s3.js';
import { until } from '../support/until.js';

const missing = await s3Missing();

/** 24 MB of records in two pages, of which each takes more than one part. */
const RECORDS = Array.from({ length: 3_000 }, (_, id) =>
  JSON.stringify({ id, text: `${id} `.repeat(1_600) }),
);
const PAGE = RECORDS.length / 2;
const ROWS = 20_000;

describe.skipIf(missing)(`a bucket${missing ? `: ${missing}` : ''}`, { timeout: START_TIMEOUT_MS }, () => {
  let server: S3Server;
  let proxy: S3Proxy;
  let api: FakeApi;
  let postgres: TestPostgres;
  let target: string;
  let longhaul: LonghaulInstance;

  beforeAll(async () => {
    [server, postgres] = await Promise.all([startS3(), startPostgres()]);
    proxy = await startS3Proxy(server.endpoint);
    api = await startFakeApi({ records: { contacts: RECORDS } });
    await sql(postgres.url, 'CREATE TABLE people (id integer PRIMARY KEY, note text NOT NULL)');
    await sql(
      postgres.url,
      `INSERT INTO people SELECT i, repeat('n', 100) || i FROM generate_series(1, ${ROWS}) i`,
    );
    target = await postgres.database();
    longhaul = await startLonghaul({
      connections: {
        api: api.connection('json_link', { pageSize: PAGE }),
        small: api.connection('json_link', { pageSize: PAGE / 15 }),
        bucket: server.connection({ prefix: 'prod', endpoint: proxy.endpoint }),
        source: { type: 'postgres', url: postgres.url },
        target: { type: 'postgres', url: target },
      },
    });
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await longhaul?.stop();
    await api?.close();
    await proxy?.close();
    await postgres?.close();
    await server?.stop();
  }, 60_000);

  function backup(source: string, connection: string): JobSpec {
    return {
      kind: 'backup',
      source: { connection: source },
      sink: { connection, prefix: 'nightly' },
      options: { compression: 'none', checkpoint: { pages: 5 } },
    };
  }

  /** A job whose worker is killed while the first part of a segment is on its way. */
  async function killed(): Promise<Job> {
    const part = proxy.add({ type: 'stall' }, ({ url }) => url.includes('partNumber=1&'));
    const job = await longhaul.post(backup('api', 'bucket'));
    await until('the part stands', () => part.times === 0);
    const [worker] = await longhaul.workerPids();
    await kill(worker!);
    expect(await uploadsIn(server.connection({ prefix: 'prod' }))).toHaveLength(1);
    return job;
  }

  const archiveOf = (job: Job) => longhaul.archiveOf(job, path.join(server.folder, 'prod'));
  const keysBelow = async (prefix: string) =>
    (await collect(storeOf(server.connection()).list(prefix))).map((object) => object.path);

  test('takes a backup over a worker that is killed in the midst of an upload, and keeps nothing of that', async () => {
    const { id } = await killed();
    const done = await longhaul.ended(id);
    expect(done).toMatchObject({ state: 'completed', progress: { records: RECORDS.length } });
    expect(await recordsIn(archiveOf(done), 'contacts')).toEqual(RECORDS);
    expect(await uploadsIn(server.connection())).toEqual([]);
    const keys = await keysBelow(done.archive!.replace('bucket/', 'prod/'));
    expect(keys.filter((key) => key.includes('/.work/'))).toEqual([]);
    // Objects that no list names would be findings.
    expect((await longhaul.run(verify(done))).result).toMatchObject({
      records: RECORDS.length,
      findings: [],
    });
  });

  test('holds nothing of a job that is cancelled after its worker was killed', async () => {
    const before = await keysBelow('prod');
    const { id } = await killed();
    await longhaul.steer(id, 'cancel');
    expect((await longhaul.ended(id)).state).toBe('cancelled');
    expect(await uploadsIn(server.connection())).toEqual([]);
    expect(await keysBelow('prod')).toEqual(before);
  });

  test('gives tables back as they were', async () => {
    const sink = { connection: 'bucket', prefix: 'tables' };
    const { archive } = await longhaul.run({ kind: 'backup', source: { connection: 'source' }, sink });
    await longhaul.run({
      kind: 'restore',
      source: { connection: 'bucket', archive: archive!.replace('bucket/', '') },
      sink: { connection: 'target', create: true },
    });
    const [there, here] = [
      await copyOut(target, 'people', 'id'),
      await copyOut(postgres.url, 'people', 'id'),
    ];
    expect([there.length > ROWS * 100, there.equals(here)]).toEqual([true, true]);
  });

  test('is written and verified through throttling, broken answers and bytes changed on their way', async () => {
    const faults = [
      proxy.add({ type: 'refuse', status: 503, code: 'SlowDown' }, everyth(7), Infinity),
      proxy.add({ type: 'lose-answer' }, everyth(11), Infinity),
      proxy.add({ type: 'cut' }, everyth(13), Infinity),
      proxy.add({ type: 'change-request' }, everyth(5, 'PUT'), Infinity),
    ];
    const job = await longhaul.run(backup('small', 'bucket'));
    expect(await recordsIn(archiveOf(job), 'contacts')).toEqual(RECORDS);
    expect((await longhaul.run(verify(job))).result).toMatchObject({ records: RECORDS.length, findings: [] });
    for (const fault of faults) fault.times = 0;
    expect(await uploadsIn(server.connection())).toEqual([]);
  });
});

function verify({ archive }: Job): JobSpec {
  return { kind: 'verify', source: { connection: 'bucket', archive: archive!.replace('bucket/', '') } };
}

/** Each so manieth request, of one method or of all. */
function everyth(count: number, only?: string): (seen: Seen) => boolean {
  let asked = 0;
  return ({ method }) => (only ?? method) === method && ++asked % count === 0;
}
