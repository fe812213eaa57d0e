// The API as a process of its own: how it starts, what it refuses, how it ends.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { hashOfKey, newKey } from '../../src/config/keys.js';
import type { Job } from '../../src/core/job.js';
import { freePort } from '../../src/dev/ports.js';
import { openTemporal, type TestTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { BACKUP } from './fixture.js';
import { launchApi, urlOf, type ApiProcess } from './launched.js';

const CONFIG = `connections:
  crm:
    type: http
    baseUrl: \${CRM_URL_OF_NOBODY}
    streams:
      contacts: { path: /contacts, records: "", paginator: { type: single_page } }
  vault: { type: file, path: ./archives }
`;

let folder: string;
let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await openTemporal();
  folder = await mkdtemp(join(tmpdir(), 'longhaul-api-'));
  await writeFile(join(folder, 'longhaul.config.yml'), CONFIG);
});
afterAll(async () => {
  await temporal.close();
  await rm(folder, { recursive: true });
});

const launch = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ApiProcess =>
  launchApi({ config: join(folder, 'longhaul.config.yml'), namespace: temporal.namespace, args, env });
const ready = urlOf;

async function stopped(api: ApiProcess, how: () => void): Promise<number | string> {
  how();
  return api.exited;
}

describe('the process', () => {
  it('needs none of the secrets of the config, says where Temporal is, and starts jobs', async () => {
    const api = launch();
    const url = await ready(api);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(api.output()).toContain(`${inject('temporalAddress')}, namespace ${temporal.namespace}`);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(BACKUP) });
    const job = (await response.json()) as Job;
    expect([response.status, job.state]).toEqual([202, 'queued']);
    const shown = await fetch(url + response.headers.get('location'));
    expect(await shown.json()).toEqual(job);
    expect(await stopped(api, () => api.child.kill('SIGTERM'))).toBe(0);
  });

  it('ends on SIGTERM with streams of events open', async () => {
    const api = launch();
    const url = await ready(api);
    const { id } = await begin(url);
    const events = await fetch(`${url}/v1/jobs/${id}/events`);
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('event: state');
    const began = performance.now();
    expect(await stopped(api, () => api.child.kill('SIGTERM'))).toBe(0);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect((await reader?.read())?.done).toBe(true);
  });

  it('ends with its launcher', async () => {
    const api = launch();
    await ready(api);
    expect(await stopped(api, () => api.child.disconnect())).toBe(0);
  });

  it('starts while Temporal is down, and says so', async () => {
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const api = launch([], { TEMPORAL_ADDRESS: address });
    const url = await ready(api);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { status, body } = await json(`${url}/readyz`);
    expect([status, body]).toMatchObject([503, { code: 'temporal_unreachable' }]);
    const asked = fetch(`${url}/readyz`).catch(() => null);
    const began = performance.now();
    expect(await stopped(api, () => api.child.kill('SIGTERM'))).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    await asked;
  });

  it('refuses to listen for other machines', async () => {
    const api = launch(['--host', '0.0.0.0']);
    expect(await api.exited).not.toBe(0);
    expect(api.output()).toContain('host_refused');
    expect(api.output()).toContain('0.0.0.0');
  });

  it('listens for other machines once it has keys, and logs what is changed without telling them', async () => {
    const key = newKey();
    const keys = `keys:\n  - { name: ada, role: admin, hash: "${hashOfKey(key)}" }\n`;
    await writeFile(join(folder, 'keys.yml'), CONFIG + keys);
    const secret = 'guess me';
    const weak = launch(['--config', join(folder, 'keys.yml')], { LONGHAUL_SESSION_SECRET: secret });
    expect(await weak.exited).not.toBe(0);
    expect(weak.output()).toContain('config_invalid');
    expect(weak.output()).not.toContain(secret);

    const api = launch(['--host', '0.0.0.0', '--config', join(folder, 'keys.yml')]);
    const url = (await ready(api)).replace('0.0.0.0', '127.0.0.1');
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const start = { method: 'POST', headers, body: JSON.stringify(BACKUP) };
    expect(
      (await fetch(`${url}/v1/jobs`, { ...start, headers: { 'content-type': 'application/json' } })).status,
    ).toBe(401);
    expect((await fetch(`${url}/v1/jobs`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    const { id } = (await (await fetch(`${url}/v1/jobs`, start)).json()) as Job;
    expect(await stopped(api, () => api.child.kill('SIGTERM'))).toBe(0);
    const lines = api
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'audit',
        who: 'ada',
        what: 'POST /v1/jobs',
        job: id,
        status: 202,
        address: '127.0.0.1',
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'key refused', request: 'GET /v1/jobs', address: '127.0.0.1' }),
    );
    expect(api.output()).not.toContain(key);
  });

  it('names a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const api = launch(['--port', String(port)]);
    expect(await api.exited).not.toBe(0);
    expect(api.output()).toContain(
      `port_taken: Port ${port} of 127.0.0.1 is taken`.replace('port_taken: ', ''),
    );
    other.close();
  });

  it('names the line of a fault in the config', async () => {
    await writeFile(join(folder, 'bad.yml'), CONFIG.replace('path: ./archives', 'pth: ./archives'));
    const api = launch(['--config', join(folder, 'bad.yml')]);
    expect(await api.exited).not.toBe(0);
    expect(api.output()).toContain('bad.yml:7 connections.vault.pth: unknown key; did you mean path?');
  });

  it('answers a job in under 20 ms at the median', async () => {
    const api = launch();
    const url = await ready(api);
    const { id } = await begin(url);
    // Other tests share the machine: a round that they do not disturb has to come.
    const medians: number[] = [];
    const median = await until(
      'a round of answers in time',
      async () => {
        medians.push(await medianOf(100, () => json(`${url}/v1/jobs/${id}`)));
        return medians.find((ms) => ms < 20);
      },
      { seen: () => `medians of ${medians.map((ms) => ms.toFixed(1)).join(', ')} ms` },
    );
    expect(median).toBeLessThan(20);
    await stopped(api, () => api.child.kill('SIGTERM'));
  });
});

async function medianOf(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Infinity;
}

async function begin(url: string): Promise<Job> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(BACKUP) });
  return (await response.json()) as Job;
}

async function json(url: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}
