// Schedules through a running Longhaul, by its command line: real backups that start by themselves.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, type Client } from '../../src/client/index.js';
import type { Job } from '../../src/core/job.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { runWith } from '../support/cli.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const RECORDS = 500;

let api: FakeApi;
let longhaul: LonghaulInstance;
let client: Client;

beforeAll(async () => {
  api = await startFakeApi({ records: { contacts: someRecords(RECORDS) } });
  longhaul = await startLonghaul({
    connections: { api: api.connection('json_link', { pageSize: 100, key: ['id'] }) },
  });
  client = createClient({ url: longhaul.api });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await api?.close();
}, 60_000);

async function cli(...argv: string[]): Promise<string[]> {
  const { code, out, err } = await runWith({ LONGHAUL_API: longhaul.api }, argv);
  if (code !== 0) throw new Error(`exit ${code}: ${err.join('\n')}`);
  return out;
}

/** Starts a job of the schedule, and follows it to its end. */
async function triggered(name: string): Promise<Job> {
  const [text = ''] = await cli('schedules', 'trigger', name, '--wait', '--json');
  return JSON.parse(text) as Job;
}

test('two starts of a schedule write two archives, which a verify proves', async () => {
  await cli('schedules', 'add', 'nightly', '--cron', '0 3 1 1 *', '--', ...backup('vault/nightly'));
  const first = await triggered('nightly');
  const second = await triggered('nightly');
  for (const job of [first, second]) {
    expect(job).toMatchObject({ state: 'completed', schedule: 'nightly', progress: { records: RECORDS } });
    const manifest = await jsonIn(job, 'manifest.json');
    expect(manifest).toMatchObject({ id: job.archive?.split('/').at(-1), job: job.id });
    expect(await jsonIn(job, 'report.json')).toMatchObject({ id: job.id, schedule: 'nightly' });
  }
  expect(new Set([first.archive, second.archive]).size).toBe(2);
  const [verify = ''] = await cli('verify', second.archive ?? '', '--wait', '--json');
  expect(JSON.parse(verify)).toMatchObject({ kind: 'verify', state: 'completed' });
});

test('jobs start by themselves when their time comes', async () => {
  await cli('schedules', 'add', 'minutely', '--cron', '* * * * *', '--', ...backup('vault/minutely'));
  const run = await until(
    'a job that completed',
    async () => (await client.schedules.show('minutely')).runs.find(({ state }) => state === 'completed'),
    { timeoutMs: 100_000, everyMs: 250 },
  );
  expect(Date.parse(run.scheduledAt) % 60_000).toBe(0);
  expect(run.job).toBe(`minutely-${run.scheduledAt.replace('.000', '')}`);
  const { files } = await client.files(run.job);
  expect(files.map(({ path: file }) => file)).toContain('manifest.json');
  await cli('schedules', 'remove', 'minutely');
});

function backup(to: string): string[] {
  return ['backup', 'api/contacts', '--to', to, '--lanes', '1'];
}

async function jsonIn(job: Job, file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(longhaul.archiveOf(job), file), 'utf8'));
}
