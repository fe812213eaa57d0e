// Deploys as docs/deploying.md tells them, in the midst of jobs that run and jobs that are paused: the next build takes over,
// by itself or as a version of a worker deployment; and a build that must not have been deployed is taken back.
import { readFile, writeFile } from 'node:fs/promises';
import { Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { TASK_QUEUE } from '../../src/core/names.js';
import { recordsIn } from '../support/archive-reader.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { jobHistory, type Event } from '../support/job-history.js';
import { buildNext, type NextBuild } from '../support/next-build.js';
import { end, outputOf, type Started } from '../support/processes.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const RECORDS = { runs: someRecords(6_000), rests: someRecords(6_000), begins: someRecords(1_000) };
type StreamName = keyof typeof RECORDS;
const DEPLOYMENT = 'longhaul';

let next: NextBuild;
let broken: NextBuild;
let longhaul: LonghaulInstance;
let api: FakeApi;
let workers: Started[];

beforeAll(async () => {
  next = await buildNext('./next-workflows.ts');
  broken = await buildNext('../replay/broken-workflows.ts');
});
afterAll(async () => {
  await next?.dispose();
  await broken?.dispose();
});

beforeEach(async () => {
  workers = [];
  api = await startFakeApi({ records: RECORDS, latencyMs: 2 });
  const connections = { api: api.connection('json_link', { pageSize: 100 }) };
  longhaul = await startLonghaul({ connections, workers: 0 });
}, START_TIMEOUT_MS);
afterEach(async () => {
  await Promise.all(workers.map((worker) => end(worker)));
  await longhaul?.stop();
  await api?.close();
}, 60_000);

/** A worker that takes work. */
async function deploy(options: Parameters<LonghaulInstance['startWorker']>[0] = {}): Promise<Started> {
  const worker = longhaul.startWorker(options);
  workers.push(worker);
  await outputOf(worker, 'the worker is ready', () => /worker ready/.exec(worker.stderr()) ?? undefined);
  return worker;
}

function backup(stream: StreamName): Promise<Job> {
  const source = { connection: 'api', streams: [stream] };
  return longhaul.post({ kind: 'backup', source, sink: { connection: 'vault' } });
}

/** A job that is paused in its midst. */
async function paused(stream: StreamName): Promise<Job> {
  const hold = api.hold(stream, 20);
  const { id } = await backup(stream);
  await hold.reached();
  await longhaul.steer(id, 'pause');
  hold.release();
  const still = ({ state, streams }: Job) => state === 'paused' && streams[0]?.partitions.running === 0;
  return longhaul.waitFor(id, 'it has paused', still);
}

/** A job with a request that stands at the source. */
async function running(stream: StreamName) {
  const hold = api.hold(stream, 20);
  const job = await backup(stream);
  await hold.reached();
  return { job, hold };
}

async function expectWhole({ id }: Job, stream: StreamName): Promise<void> {
  const job = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');
  expect(await recordsIn(longhaul.archiveOf(job), stream)).toEqual(RECORDS[stream]);
  expect(api.servedTwice(stream)).toEqual([]);
}

const eventsOf = async ({ id }: Job): Promise<Event[]> =>
  (await jobHistory(longhaul.temporal, id)).runs.flat();

/** Whether the job has been on the new way of the next build. */
const tookNewWay = async (job: Job): Promise<boolean> =>
  (await eventsOf(job)).some((event) => event.markerRecordedEventAttributes?.markerName === 'core_patch');

/** The process that ended the job's last chunk. */
async function lastWorker(job: Job): Promise<number> {
  const identities = (await eventsOf(job)).flatMap(
    (event) => event.activityTaskStartedEventAttributes?.identity ?? [],
  );
  return Number.parseInt(identities.at(-1) ?? '', 10);
}

test('the next build takes over running and paused jobs, and takes its new way with new jobs only', async () => {
  const first = await deploy();
  const rests = await paused('rests');
  const { job: runs, hold } = await running('runs');
  const second = await deploy({ bin: next.bin });
  first.child.kill('SIGTERM');
  hold.release();
  await until('the worker of before has gone', () => first.ended() !== undefined, { timeoutMs: 20_000 });
  expect(first.ended()).toBe(0);
  await longhaul.steer(rests.id, 'resume');
  const begins = await backup('begins');
  await expectWhole(runs, 'runs');
  await expectWhole(rests, 'rests');
  await expectWhole(begins, 'begins');
  const jobs = [runs, rests, begins];
  expect(await Promise.all(jobs.map(lastWorker))).toEqual(jobs.map(() => second.pid));
  expect(await Promise.all(jobs.map(tookNewWay))).toEqual([false, false, true]);
});

test('a build with a breaking change holds jobs up and harms none, and with the build of before they go on', async () => {
  const first = await deploy();
  const rests = await paused('rests');
  await end(first);
  const asked = api.requests.length;
  const wrong = await deploy({ bin: broken.bin });
  await longhaul.steer(rests.id, 'resume');
  const failed = async () =>
    (await eventsOf(rests)).find((event) => event.workflowTaskFailedEventAttributes !== null);
  const event = await until('the build is found out', failed, { timeoutMs: 30_000 });
  expect(event.workflowTaskFailedEventAttributes?.failure?.message).toContain('Nondeterminism');
  expect(api.requests.length).toBe(asked);
  await end(wrong);
  await deploy();
  await expectWhole(rests, 'rests');
});

test('a config that lacks a connection fails its jobs, and with the connection back they go on where they were', async () => {
  const first = await deploy();
  const rests = await paused('rests');
  await end(first);
  const config = await readFile(longhaul.config, 'utf8');
  const { api: _left, ...connections } = (JSON.parse(config) as { connections: Record<string, unknown> })
    .connections;
  await writeFile(longhaul.config, JSON.stringify({ connections }));
  const without = await deploy();
  await longhaul.steer(rests.id, 'resume');
  const failed = await longhaul.waitFor(rests.id, 'it fails', ({ state }) => state === 'failed');
  expect(failed.error).toMatchObject({ code: 'connection_unknown' });
  await end(without);
  await writeFile(longhaul.config, config);
  await deploy();
  await longhaul.steer(rests.id, 'retry');
  await expectWhole(rests, 'rests');
});

describe('versions of a worker deployment', () => {
  const version = (buildId: string) => ({
    TEMPORAL_DEPLOYMENT_NAME: DEPLOYMENT,
    TEMPORAL_WORKER_BUILD_ID: buildId,
  });

  /** `temporal worker deployment set-current-version`, once the version's worker has been heard of. */
  async function makeCurrent(buildId: string): Promise<void> {
    const connection = await Connection.connect({ address: longhaul.temporal });
    const request = { namespace: 'default', deploymentName: DEPLOYMENT, buildId };
    const set = () =>
      connection.workflowService.setWorkerDeploymentCurrentVersion(request).catch(() => undefined);
    try {
      await until(`${buildId} is current`, set, { timeoutMs: 30_000, everyMs: 200 });
    } finally {
      await connection.close();
    }
  }

  test('the one that is made current takes over running and paused jobs, and none before that', async () => {
    const first = await deploy({ env: version('1') });
    await makeCurrent('1');
    const rests = await paused('rests');
    const { job: runs, hold } = await running('runs');
    await deploy({ bin: next.bin, env: version('2') });
    const begins = await backup('begins');
    await expectWhole(begins, 'begins');
    expect(await tookNewWay(begins)).toBe(false);
    await makeCurrent('2');
    first.child.kill('SIGTERM');
    hold.release();
    await longhaul.steer(rests.id, 'resume');
    await expectWhole(runs, 'runs');
    await expectWhole(rests, 'rests');
    const versions = (await eventsOf(rests)).flatMap(
      (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? [],
    );
    expect([versions.at(0), versions.at(-1)]).toEqual(['1', '2']);
  });

  test('do not keep the API from telling that workers are there', async () => {
    await deploy({ env: version('1') });
    await makeCurrent('1');
    const { body } = await longhaul.call<{ taskQueue: string; workers: unknown[] }>('GET', '/v1/queue');
    expect(body).toMatchObject({ taskQueue: TASK_QUEUE, workers: [{}] });
  });
});
