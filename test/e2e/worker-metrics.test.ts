// What a worker tells of itself to Prometheus, while it works and after.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/dev/ports.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { end, outputOf, type Started } from '../support/processes.js';
import { someRecords } from '../support/records.js';

let api: FakeApi;
let longhaul: LonghaulInstance;
let worker: Started;
let ports: { readonly own: number; readonly temporal: number };
beforeAll(async () => {
  ports = { own: await freePort('127.0.0.1'), temporal: await freePort('127.0.0.1') };
  api = await startFakeApi({ records: { contacts: someRecords(500) } });
  longhaul = await startLonghaul({
    connections: { api: api.connection('json_link', { pageSize: 50 }) },
    workers: 0,
    env: {
      LONGHAUL_METRICS_PORT: String(ports.own),
      LONGHAUL_TEMPORAL_METRICS_PORT: String(ports.temporal),
    },
  });
  worker = longhaul.startWorker();
}, START_TIMEOUT_MS);
afterAll(async () => {
  await end(worker, 'SIGTERM', 15_000);
  await longhaul?.stop();
  await api?.close();
});

async function figures(port: number): Promise<Map<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('says where its metrics are, and counts what it does', async () => {
  const ready = (): string | undefined =>
    worker
      .stderr()
      .split('\n')
      .find((line) => line.includes('"msg":"worker ready"'));
  const line = await outputOf(worker, 'the worker to be ready', ready, 60_000);
  expect(JSON.parse(line)).toMatchObject({ metrics: `http://127.0.0.1:${ports.own}/metrics` });

  api.addFault('contacts').after(3).status(503);
  const hold = api.hold('contacts', 6);
  const { id } = await longhaul.post({
    kind: 'backup',
    source: { connection: 'api' },
    sink: { connection: 'vault' },
  });
  await hold.reached();
  const during = await figures(ports.own);
  expect(during.get('longhaul_worker_slots{slots="used"}')).toBe(1);
  expect(during.get('longhaul_worker_slots{slots="all"}')).toBe(32);
  hold.release();
  await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');

  const after = await figures(ports.own);
  const counted = ['records', 'pages', 'retries', 'rejects'].map((name) =>
    after.get(`longhaul_worker_${name}_total`),
  );
  expect(counted).toEqual([500, 10, 1, 0]);
  expect(after.get('longhaul_worker_requests_total')).toBeGreaterThanOrEqual(11);
  expect(after.get('longhaul_worker_checkpoints_total')).toBeGreaterThanOrEqual(1);
  expect(after.get('longhaul_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThan(0);
  const temporal = await figures(ports.temporal);
  expect([...temporal.keys()].some((name) => name.startsWith('temporal_'))).toBe(true);
});

test('answers nothing else', async () => {
  const answer = await fetch(`http://127.0.0.1:${ports.own}/`);
  expect(answer.status).toBe(404);
});
