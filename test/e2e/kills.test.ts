// Processes are killed while a chunk runs, at a moment the test knows: a request of that chunk stands at the source.
// Whatever is killed, the archive holds every record once, and next to nothing is asked for twice.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { recordsIn } from '../support/archive-reader.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { end, kill, outputOf } from '../support/processes.js';
import { someRecords } from '../support/records.js';

const RECORDS = someRecords(12_000);
const PAGE = 100;
const PAGES = RECORDS.length / PAGE;
/** Pages of a checkpoint in these jobs. */
const CHECKPOINT = 10;
/** src/workflows/activities.ts: heartbeat timeout; the rest is for the retry, and for slow machines. */
const RECOVERY_MS = 5_000 + 3_000;

let api: FakeApi;
let longhaul: LonghaulInstance;

let folder: string;

/** On the data that an instance before it left. */
const start = async (workers: number): Promise<void> => {
  const connections = { api: api.connection('json_link', { pageSize: PAGE }) };
  longhaul = await startLonghaul({ connections, workers, folder });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-kills-'));
  api = await startFakeApi({ records: { contacts: RECORDS }, latencyMs: 2 });
});

afterEach(async () => {
  await longhaul?.stop();
  await api?.close();
  await rm(folder, { recursive: true });
}, 60_000);

/** Starts a backup and resolves when one of its requests stands at the source, so many pages in. */
async function standing(pages: number) {
  const hold = api.hold('contacts', pages);
  const job = await longhaul.post({
    kind: 'backup',
    source: { connection: 'api' },
    sink: { connection: 'vault' },
    options: { checkpoint: { pages: CHECKPOINT } },
  });
  await hold.reached();
  return { job, hold };
}

async function expectWhole({ id }: Job): Promise<void> {
  const job = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');
  expect(job.progress.records).toBe(RECORDS.length);
  expect(await recordsIn(longhaul.archiveOf(job), 'contacts')).toEqual(RECORDS);
}

describe('a worker', { timeout: START_TIMEOUT_MS }, () => {
  test('killed with SIGKILL is replaced, and the job goes on at its last checkpoint', async () => {
    await start(1);
    const { job, hold } = await standing(47);
    const [worker] = await longhaul.workerPids();
    const requests = api.requests.length;
    const killed = performance.now();
    await kill(worker!);
    hold.release();
    await api.waitFor(requests + 1);
    expect(performance.now() - killed).toBeLessThan(RECOVERY_MS);
    await expectWhole(job);
    expect(await longhaul.workerPids()).not.toContain(worker);
    // What was read since the checkpoint, the page that stood, and the one asked for ahead.
    expect(api.servedTwice('contacts').length).toBeLessThanOrEqual(CHECKPOINT + 1);
    expect(api.served('contacts').length).toBeLessThanOrEqual(PAGES + CHECKPOINT + 1);
  });

  test('killed again and again leaves one right archive', async () => {
    await start(2);
    const { job, hold } = await standing(15);
    let held = hold;
    for (const pages of [15, 15, 15]) {
      const workers = await longhaul.workerPids();
      const requests = api.requests.length;
      await Promise.all(workers.map((pid) => kill(pid)));
      const next = api.hold('contacts', pages);
      held.release();
      await api.waitFor(requests + 1);
      await next.reached();
      held = next;
    }
    held.release();
    await expectWhole(job);
    expect(api.servedTwice('contacts').length).toBeLessThanOrEqual(4 * (CHECKPOINT + 1));
  });

  test('told to go with SIGTERM hands over in under two seconds, with no page fetched twice', async () => {
    await start(0);
    const worker = longhaul.startWorker();
    const { job, hold } = await standing(47);
    const other = longhaul.startWorker();
    await outputOf(
      other,
      'the other worker is ready',
      () => /worker ready/.exec(other.stderr()) ?? undefined,
    );
    const requests = api.requests.length;
    const told = performance.now();
    worker.child.kill('SIGTERM');
    hold.release();
    await api.waitFor(requests + 1);
    expect(performance.now() - told).toBeLessThan(2_000);
    await expectWhole(job);
    expect(worker.ended()).toBe(0);
    expect(api.servedTwice('contacts')).toEqual([]);
    await end(other);
  });
});

describe('the rest', { timeout: START_TIMEOUT_MS }, () => {
  test('Temporal killed with SIGKILL comes back on its file, and the job goes on', async () => {
    await start(1);
    const { job, hold } = await standing(47);
    await kill(longhaul.pids.temporal);
    hold.release();
    await expectWhole(job);
    expect(api.servedTwice('contacts').length).toBeLessThanOrEqual(CHECKPOINT + 1);
  });

  test('the API killed with SIGKILL changes nothing for the job', async () => {
    await start(1);
    const { job, hold } = await standing(47);
    await kill(longhaul.pids.api);
    hold.release();
    await api.waitFor(PAGES);
    await longhaul.stop();
    await start(1);
    await expectWhole(job);
    expect(api.servedTwice('contacts')).toEqual([]);
  });
});

describe('a person', { timeout: START_TIMEOUT_MS }, () => {
  test('pauses a job, restarts everything, resumes it, and it goes on with the next page', async () => {
    await start(1);
    const { job, hold } = await standing(47);
    const asked = performance.now();
    await longhaul.steer(job.id, 'pause');
    hold.release();
    const still = ({ state, streams }: Job) => state === 'paused' && streams[0]?.partitions.running === 0;
    const paused = await longhaul.waitFor(job.id, 'it has paused', still);
    expect(performance.now() - asked).toBeLessThan(2_000);
    const requests = api.requests.length;
    expect(paused.progress.records).toBe(requests * PAGE);
    await longhaul.stop();
    await start(1);
    expect((await longhaul.show(job.id)).state).toBe('paused');
    expect(api.requests.length).toBe(requests);
    await longhaul.steer(job.id, 'resume');
    await expectWhole(job);
    expect(api.requests.length).toBe(PAGES);
  });

  test('cancels a job, and nothing of its archive is left', async () => {
    await start(1);
    const { job, hold } = await standing(47);
    await longhaul.steer(job.id, 'cancel');
    hold.release();
    const ended = await longhaul.ended(job.id);
    expect(ended.state).toBe('cancelled');
    await expect(recordsIn(longhaul.archiveOf(ended), 'contacts')).rejects.toThrow('ENOENT');
  });

  test('sees until when a job waits for its source, and can end it before', async () => {
    await start(1);
    api.addFault('contacts').after(5).throttle(3_600);
    const asked = Date.now();
    const { id } = await longhaul.post({
      kind: 'backup',
      source: { connection: 'api' },
      sink: { connection: 'vault' },
    });
    const waiting = await longhaul.waitFor(id, 'it waits', ({ state }) => state === 'waiting');
    expect(Date.parse(waiting.progress.waitingUntil!)).toBeGreaterThan(asked + 3_500_000);
    expect(waiting.progress).toMatchObject({ records: 5 * PAGE, recordsPerSecond: null });
    api.assertAllFaultsFired();
    await longhaul.steer(id, 'cancel');
    expect((await longhaul.ended(id)).state).toBe('cancelled');
  });

  test('sees how far a job is while no worker lives', async () => {
    await start(0);
    const worker = longhaul.startWorker();
    const { job, hold } = await standing(47);
    const durable = ({ progress }: Job) => progress.records >= 40 * PAGE;
    await longhaul.waitFor(job.id, 'four checkpoints', durable);
    await end(worker, 'SIGKILL');
    hold.release();
    const seen = await longhaul.show(job.id);
    expect(seen).toMatchObject({ state: 'running', streams: [{ name: 'contacts', state: 'running' }] });
    expect(seen.progress).toMatchObject({ records: 40 * PAGE, pages: 40 });
    const next = longhaul.startWorker();
    await expectWhole(job);
    await end(next);
  });
});
