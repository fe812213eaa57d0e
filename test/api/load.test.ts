// One process of the API under what the world sends: nonsense, and many watchers at once.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/api/server.js';
import { hashOfKey, newKey } from '../../src/config/keys.js';
import type { Job } from '../../src/core/job.js';
import { malformed, NO_HTTP, type Malformed } from '../support/malformed.js';
import { canMeasureMemory } from '../support/memory.js';
import { until } from '../support/until.js';
import { beating } from './beating.js';
import { apiOn, BACKUP, bundleWorkflows, openApi, withWorker, type TestApi } from './fixture.js';
import { launchApi, urlOf, type ApiProcess } from './launched.js';

const MEBIBYTE = 1_048_576;
const key = newKey();
const CONFIG = {
  connections: {
    crm: {
      type: 'http',
      baseUrl: 'http://127.0.0.1:1',
      streams: { contacts: { path: '/c', records: '', paginator: { type: 'single_page' } } },
    },
    vault: { type: 'file', path: './archives' },
  },
  keys: [{ name: 'ada', role: 'admin', hash: hashOfKey(key) }],
};

let base: TestApi;
let folder: string;
let api: ApiProcess;
let url: string;
beforeAll(async () => {
  base = await openApi();
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-load-'));
  const config = path.join(folder, 'longhaul.config.yml');
  await writeFile(config, JSON.stringify(CONFIG));
  api = launchApi({ config, namespace: base.temporal.namespace });
  url = await urlOf(api);
});
afterAll(async () => {
  api.child.kill('SIGTERM');
  await api.exited;
  await base.close();
  await rm(folder, { recursive: true });
});

async function residentMemory(pid: number): Promise<number> {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

const bearer = { authorization: `Bearer ${key}` };

describe('ten thousand malformed requests', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  afterAll(() => agent.destroy());

  function send({ method, path, headers, body }: Malformed): Promise<number> {
    return new Promise((resolve) => {
      const sent = request(url, { agent, method, path, headers: { ...bearer, ...headers } }, (response) => {
        response.resume().on('close', () => resolve(response.statusCode ?? 0));
      });
      // A body that is too large is answered before it has been sent.
      sent.on('error', () => resolve(0));
      sent.end(body);
    });
  }

  async function sendAll(requests: readonly Malformed[]): Promise<number[]> {
    const left = requests.values();
    const statuses: number[] = [];
    const sender = async (): Promise<void> => {
      for (const each of left) statuses.push(await send(each));
    };
    await Promise.all(Array.from({ length: 16 }, sender));
    return statuses;
  }

  async function sendRaw(text: string): Promise<void> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.end(text, 'latin1');
    await once(socket, 'close');
  }

  it.skipIf(!canMeasureMemory)(
    'leave it answering, and its memory as it was',
    { timeout: 300_000 },
    async () => {
      await sendAll(malformed(2_000, 1));
      const before = await residentMemory(api.child.pid!);
      for (let round = 0; round < 8; round++) {
        const statuses = await sendAll(malformed(1_000, round + 2));
        expect(new Set(statuses)).not.toContain(500);
        await Promise.all(NO_HTTP.map(sendRaw));
      }
      const grown = (await residentMemory(api.child.pid!)) - before;
      expect((await fetch(`${url}/v1/connections`, { headers: bearer })).status).toBe(200);
      expect(api.output()).not.toContain('request failed');
      expect(api.output()).not.toContain(key);
      expect(grown / MEBIBYTE).toBeLessThan(48);
      console.log(
        `memory grew by ${(grown / MEBIBYTE).toFixed(1)} MiB from ${(before / MEBIBYTE).toFixed(1)}`,
      );
    },
  );
});
