// What is far larger, wider, slower or emptier than usual: within a memory that is said beforehand or refused by name, and the
// event loop is free enough for heartbeats all the time.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { copyOut } from '../support/copy-out.js';
import { recordsIn } from '../support/archive-reader.js';
import { loopDelay } from '../support/event-loop.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { jobHistory } from '../support/job-history.js';
import { canMeasureMemory, peakMemory } from '../support/memory.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { end, type Started } from '../support/processes.js';

const MB = 1_000_000;
/** What a worker takes for any small job. */
const WORKER = 320 * MB;
/** A page is there as it arrives, and in one piece. */
const COPIES_OF_A_PAGE = 2;
/** The heartbeat timeout is 5 s. A machine that is busy with other things adds to this. */
const LONGEST_DELAY_MS = 1_000;

const COLUMNS = 1_500;
const ROWS = 100;
const LARGE_PAGE = { records: 2_000, bytes: 100_000 };
const LARGE_RECORD = 50 * MB;

const LARGE_ROW = 'SELECT id, octet_length(text) AS bytes, md5(text) AS hash FROM large';

const filler = 'x'.repeat(LARGE_RECORD);
const recordOf = (id: number, bytes: number): string => `{"id":${id},"text":"${filler.slice(0, bytes)}"}`;

let api: FakeApi;
let postgres: TestPostgres;
let target: string;
let longhaul: LonghaulInstance;
let worker: Started;

beforeAll(async () => {
  api = await startFakeApi({
    records: {
      'large-page': { count: LARGE_PAGE.records, at: (id) => recordOf(id, LARGE_PAGE.bytes) },
      'large-record': { count: 3, at: (id) => recordOf(id, id === 1 ? LARGE_RECORD : 10) },
      slow: { count: 20, at: (id) => recordOf(id, 10) },
      empty: [],
    },
  });
  postgres = await startPostgres();
  target = await postgres.database();
  const columns = Array.from({ length: COLUMNS - 1 }, (_, i) => `c${i} int DEFAULT ${i}`);
  await sql(
    postgres.url,
    `CREATE TABLE wide (id int PRIMARY KEY, ${columns.join()}); CREATE TABLE empty (id int PRIMARY KEY);
     INSERT INTO wide (id) SELECT generate_series(1, ${ROWS});
     CREATE TABLE large (id int PRIMARY KEY, text text); INSERT INTO large VALUES (1, repeat('é', ${LARGE_RECORD / 2}));
     ANALYZE;`,
  );
  longhaul = await startLonghaul({
    workers: 0,
    connections: {
      api: api.connection('cursor', { pageSize: 2_000 }),
      strict: api.connection('cursor', { pageSize: 2_000, maxPageBytes: 100 * MB }),
      slowly: api.connection('cursor', { pageSize: 10, timeoutSeconds: 30 }),
      main: { type: 'postgres', url: postgres.url },
      target: { type: 'postgres', url: target },
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await api?.close();
  await postgres?.close();
}, 60_000);

afterEach(async () => end(worker));

/** In a worker of its own, whose memory and event loop are looked at when the job has ended. */
async function measured(specs: readonly JobSpec[], state: Job['state'] = 'completed') {
  worker = longhaul.startWorker();
  const jobs: Job[] = [];
  for (const spec of specs) {
    const { id } = await longhaul.post(spec);
    const job = await longhaul.waitFor(id, state, (now) => now.state === state, 120_000);
    jobs.push(job);
    await expectEveryHeartbeat(id);
  }
  const peak = canMeasureMemory ? await peakMemory(worker.pid) : 0;
  await end(worker);
  const { max: delay } = await loopDelay(worker);
  return { job: jobs[0]!, jobs, peak, delay };
}

/** Without a heartbeat for 5 s a chunk is given to another worker, as another attempt. */
async function expectEveryHeartbeat(id: string): Promise<void> {
  const { runs } = await jobHistory(longhaul.temporal, id);
  const attempts = runs.flat().flatMap((event) => event.activityTaskStartedEventAttributes?.attempt ?? []);
  expect(attempts.length).toBeGreaterThan(0);
  expect(attempts.filter((attempt) => attempt !== 1)).toEqual([]);
}

const backupOf = (connection: string, stream: string): JobSpec => ({
  kind: 'backup',
  source: { connection, streams: [stream] },
  sink: { connection: 'vault' },
});

const placeOf = ({ archive }: Job): string => archive!.slice(archive!.indexOf('/') + 1);

describe('a worker', { timeout: START_TIMEOUT_MS }, () => {
  test('takes a page of 200 MB, and twice as much memory', async () => {
    const { job, peak, delay } = await measured([backupOf('api', 'large-page')]);
    expect(job.result?.records).toBe(LARGE_PAGE.records);
    expect(job.result?.bytes).toBeGreaterThan(LARGE_PAGE.records * LARGE_PAGE.bytes);
    expect(peak).toBeLessThan(WORKER + COPIES_OF_A_PAGE * LARGE_PAGE.records * LARGE_PAGE.bytes);
    expect(delay).toBeLessThan(LONGEST_DELAY_MS);
  });

  test('refuses a page beyond `maxPageBytes` by name, and holds no more of it', async () => {
    const { job, peak, delay } = await measured([backupOf('strict', 'large-page')], 'failed');
    expect(job.error).toMatchObject({
      code: 'source_refused',
      hint: expect.stringContaining('maxPageBytes') as string,
    });
    expect(peak).toBeLessThan(WORKER + 2 * 100 * MB);
    expect(delay).toBeLessThan(LONGEST_DELAY_MS);
  });

  test('keeps a record of 50 MB as it came', async () => {
    const { job, peak, delay } = await measured([backupOf('api', 'large-record')]);
    const kept = await recordsIn(longhaul.archiveOf(job), 'large-record');
    expect(kept.map((record) => record.length)).toEqual(
      [0, 1, 2].map((id) => recordOf(id, id === 1 ? LARGE_RECORD : 10).length),
    );
    expect(kept[1] === recordOf(1, LARGE_RECORD)).toBe(true);
    expect(peak).toBeLessThan(WORKER + COPIES_OF_A_PAGE * LARGE_RECORD);
    expect(delay).toBeLessThan(LONGEST_DELAY_MS);
  });

  test('backs up and restores a row of 50 MB', async () => {
    const { job, peak, delay } = await measured([backupOf('main', 'public.large')]);
    const source = { connection: 'vault', archive: placeOf(job) };
    const sink = { connection: 'target', create: true };
    const rest = await measured([{ kind: 'restore', source, sink }]);
    const [kept, held] = await Promise.all([target, postgres.url].map((url) => sql(url, LARGE_ROW)));
    expect(kept).toEqual(held);
    for (const each of [peak, rest.peak]) expect(each).toBeLessThan(WORKER + COPIES_OF_A_PAGE * LARGE_RECORD);
    for (const each of [delay, rest.delay]) expect(each).toBeLessThan(LONGEST_DELAY_MS);
  });

  test('backs up, exports and restores a table of 1,500 columns', async () => {
    const { job, peak, delay } = await measured([backupOf('main', 'public.wide')]);
    const source = { connection: 'vault', archive: placeOf(job) };
    const sink = { connection: 'vault' };
    const rest = await measured([
      { kind: 'restore', source, sink: { connection: 'target', create: true } },
      { kind: 'export', source, sink, options: { format: 'parquet' } },
      { kind: 'export', source, sink, options: { format: 'csv' } },
    ]);
    expect(await copyOut(target, 'wide', 'id')).toEqual(await copyOut(postgres.url, 'wide', 'id'));
    for (const each of rest.jobs) expect(each.result?.records).toBe(ROWS);
    for (const each of [peak, rest.peak]) expect(each).toBeLessThan(WORKER + 100 * MB);
    for (const each of [delay, rest.delay]) expect(each).toBeLessThan(LONGEST_DELAY_MS);
  });

  test('finishes what holds nothing, and what takes longer for a page than a heartbeat may', async () => {
    const slow = api.addFault('slow').slow(5_500).always();
    const { jobs, peak, delay } = await measured([
      backupOf('main', 'public.empty'),
      backupOf('api', 'empty'),
      backupOf('slowly', 'slow'),
    ]);
    expect(jobs.map(({ result }) => result?.records)).toEqual([0, 0, 20]);
    expect(slow.fired).toBeGreaterThanOrEqual(2);
    expect(peak).toBeLessThan(WORKER);
    expect(delay).toBeLessThan(LONGEST_DELAY_MS);
  });
});
