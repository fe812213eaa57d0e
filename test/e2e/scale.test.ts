// What does not grow with a job: its part of Temporal's history, the values in it, and the memory of its worker.
import { afterEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { jobHistory, largestHeartbeat, type JobHistory } from '../support/job-history.js';
import { canMeasureMemory, peakMemory } from '../support/memory.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { end } from '../support/processes.js';
import { until } from '../support/until.js';

/** Bytes that no payload may exceed, whatever the size of the job. */
const LARGEST = 65_536;

const TABLES = 300;

let longhaul: LonghaulInstance;
let api: FakeApi | undefined;
let postgres: TestPostgres | undefined;

afterEach(async () => {
  await longhaul?.stop();
  await api?.close();
  await postgres?.close();
  [api, postgres] = [undefined, undefined];
}, 60_000);

const smallRecord = (index: number): string => `{"id":${index},"name":"record ${index}","done":false}`;
const collectionOf = (count: number) => ({ count, at: smallRecord });

async function backUp(connection: string, stream?: string): Promise<Job> {
  const source = { connection, ...(stream !== undefined && { streams: [stream] }) };
  return longhaul.post({ kind: 'backup', source, sink: { connection: 'vault' } });
}

/** Waits for the job's end, with an eye on what its running chunks beat. */
async function completed({ id }: Job): Promise<{ job: Job; history: JobHistory; heartbeat: number }> {
  let heartbeat = 0;
  const look = async (): Promise<Job | false> => {
    heartbeat = Math.max(heartbeat, await largestHeartbeat(longhaul.temporal, id));
    const job = await longhaul.show(id);
    expect(['queued', 'running', 'completed']).toContain(job.state);
    return job.state === 'completed' && job;
  };
  const job = await until(`job ${id} completes`, look, { timeoutMs: 90_000, everyMs: 200 });
  return { job, heartbeat, history: await jobHistory(longhaul.temporal, id) };
}

describe('a job', { timeout: START_TIMEOUT_MS }, () => {
  test('of 1,000,000 records takes at most 100 activities, 1,000 events and no large payload', async () => {
    api = await startFakeApi({ records: { contacts: collectionOf(1_000_000) } });
    longhaul = await startLonghaul({ connections: { api: api.connection('offset', { pageSize: 1_000 }) } });
    const { job, history, heartbeat } = await completed(await backUp('api'));
    expect(job.result?.records).toBe(1_000_000);
    expect(api.served('contacts').length).toBeGreaterThanOrEqual(1_000);
    expect(history.activities).toBeLessThanOrEqual(100);
    expect(history.events).toBeLessThanOrEqual(1_000);
    expect(history.largest).toBeLessThanOrEqual(LARGEST);
    expect(heartbeat).toBeGreaterThan(0);
    expect(heartbeat).toBeLessThanOrEqual(LARGEST);
  });

  test('over hundreds of tables has no large payload in its history either', async () => {
    postgres = await startPostgres();
    await makeTables(postgres.url);
    longhaul = await startLonghaul({ connections: { main: { type: 'postgres', url: postgres.url } } });
    const { job, history, heartbeat } = await completed(await backUp('main'));
    expect(job.streamsTotal).toBe(TABLES + 1);
    expect(job.result?.records).toBe(TABLES + 100_000);
    expect(history.largest).toBeLessThanOrEqual(LARGEST);
    expect(heartbeat).toBeLessThanOrEqual(LARGEST);
  });
});

/** Names and keys are about as long as they may be, since they are what the state of a job holds. */
async function makeTables(url: string): Promise<void> {
  await sql(
    url,
    `CREATE TABLE big (id text PRIMARY KEY, n int);
     INSERT INTO big SELECT repeat('k', 200) || lpad(n::text, 9, '0'), n FROM generate_series(1, 100000) n;
     ANALYZE big;
     DO $$ BEGIN
       EXECUTE format('CREATE SCHEMA %I', repeat('s', 63));
       EXECUTE format('SET search_path TO %I', repeat('s', 63));
       FOR n IN 1..${TABLES} LOOP
         EXECUTE format('CREATE TABLE %I AS SELECT %s AS id', repeat('t', 58) || lpad(n::text, 5, '0'), n);
         EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id)', repeat('t', 58) || lpad(n::text, 5, '0'));
       END LOOP;
     END $$`,
  );
}

describe.skipIf(!canMeasureMemory)('a worker', { timeout: START_TIMEOUT_MS }, () => {
  test('takes no more memory for 1,000,000 records than for 100,000', async () => {
    const records = { few: collectionOf(100_000), many: collectionOf(1_000_000) };
    api = await startFakeApi({ records });
    const connections = { api: api.connection('cursor', { pageSize: 1_000 }) };
    longhaul = await startLonghaul({ connections, workers: 0 });
    const few = await peakOf('few');
    const many = await peakOf('many');
    expect(many).toBeLessThan(few * 1.15);
  });
});

/** In a worker process of its own. */
async function peakOf(stream: string): Promise<number> {
  const worker = longhaul.startWorker();
  await completed(await backUp('api', stream));
  const peak = await peakMemory(worker.pid);
  await end(worker);
  return peak;
}
