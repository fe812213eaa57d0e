// One process of the API under what the world sends: nonsense, and many watchers at once.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, type WorkflowClientInterceptor } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hashOfKey, newKey } from '../../src/config/keys.js';
import { NO_TALLIES, START } from '../../src/core/checkpoint.js';
import { malformed, NO_HTTP, type Malformed } from '../support/malformed.js';
import { canMeasureMemory } from '../support/memory.js';
import type { Script } from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { beatUntilStopped } from './beating.js';
import { apiOn, BACKUP, bundleWorkflows, openApi, withWorker, type TestApi } from './fixture.js';
import { launchApi, urlOf, type ApiProcess } from './launched.js';

const MEBIBYTE = 1_048_576;
/** One for what is right, and one for each thousand that is not: no key may send more at once. */
const keys = Array.from({ length: 11 }, newKey);
const headersOf = (key: string) => ({ authorization: `Bearer ${key}` });
const bearer = headersOf(keys[0]!);
const CONFIG = {
  connections: {
    crm: {
      type: 'http',
      baseUrl: 'http://127.0.0.1:1',
      streams: { contacts: { path: '/c', records: '', paginator: { type: 'single_page' } } },
    },
    vault: { type: 'file', path: './archives' },
  },
  keys: keys.map((key, index) => ({ name: `ada-${index}`, role: 'admin', hash: hashOfKey(key) })),
};

let base: TestApi;
let bundle: WorkflowBundle;
let folder: string;
let api: ApiProcess;
let url: string;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  base = await openApi();
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-load-'));
  const config = path.join(folder, 'longhaul.config.yml');
  await writeFile(config, JSON.stringify(CONFIG));
  // A small heap shows what is kept: else memory goes up and down with each collection.
  const env = { NODE_OPTIONS: '--max-old-space-size=64' };
  api = launchApi({ config, env, namespace: base.temporal.namespace });
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

/** What the API has logged as faults of its own. */
const faults = () =>
  api
    .output()
    .split('\n')
    .filter((line) => line.includes('request failed'));

describe('ten thousand malformed requests', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  afterAll(() => agent.destroy());
  let sentBefore = 0;

  function send({ method, path, headers, body }: Malformed): Promise<number> {
    const key = keys[1 + Math.floor(sentBefore++ / 1_000)]!;
    return new Promise((resolve) => {
      const all = { ...headersOf(key), ...headers };
      const sent = request(url, { agent, method, path, headers: all }, (response) => {
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
      expect(faults()).toEqual([]);
      expect(keys.filter((key) => api.output().includes(key))).toEqual([]);
      expect(grown / MEBIBYTE).toBeLessThan(16);
    },
  );

  it('are no fault of the API where their sender goes away', async () => {
    const headers = `Host: localhost\r\nAuthorization: ${bearer.authorization}\r\nContent-Type: application/json\r\n`;
    for (const text of ['', '{"kind":', 'x'.repeat(20_000)]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const length = text === '' ? 'Transfer-Encoding: chunked' : 'Content-Length: 30000';
      socket.write(`POST /v1/jobs HTTP/1.1\r\n${headers}${length}\r\n\r\n${text}`);
      await until('it was sent', () => socket.bytesWritten > 0 && socket.writableLength === 0);
      await fetch(`${url}/healthz`);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    await fetch(`${url}/v1/connections`, { headers: bearer });
    expect(faults()).toEqual([]);
  });
});

describe('five hundred streams of events', () => {
  const WATCHERS = 500;
  const script: Script = {
    streams: { contacts: [1_000_000] },
    chunk: async (input) => {
      let records = 0;
      await beatUntilStopped(input, () => ({ delta: { ...NO_TALLIES, records: (records += 10) } }));
      return { end: 'stopped', checkpoint: input.work.checkpoint ?? START };
    },
  };

  /** Jobs whose figures move all the time. */
  async function withJobs(count: number, use: (ids: string[]) => Promise<void>): Promise<void> {
    const jobs = await Promise.all(
      Array.from({ length: count }, () => base.start({ ...BACKUP, options: { lanes: 1 } })),
    );
    const ids = jobs.map(({ id }) => id);
    await withWorker(base.temporal, bundle, script, async () => {
      for (const id of ids) await base.job(id, ({ progress }) => progress.records > 0);
      await use(ids);
      for (const id of ids) await base.post(`/v1/jobs/${id}/cancel`);
      for (const id of ids) await base.job(id, ({ state }) => state === 'cancelled');
    });
  }

  /** Opens a stream and lets go what it brings, counting its events. */
  function watch(id: string, agent: Agent, seen: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { agent, headers: bearer };
      const sent = request(`${url}/v1/jobs/${id}/events`, options, (response) => {
        response
          .on('data', (data: Buffer) => data.includes('event: ') && seen())
          .on('error', () => undefined);
        resolve();
      });
      sent.on('error', reject).end();
    });
  }

  it.each([1, 20])(
    'on %i jobs bring news to all, and leave the API answering',
    async (count) => {
      await withJobs(count, async (ids) => {
        const agent = new Agent({ maxSockets: Infinity });
        onTestFinished(() => agent.destroy());
        const events = new Map<number, number>();
        for (let i = 0; i < WATCHERS; i++) {
          await watch(ids[i % count]!, agent, () => events.set(i, (events.get(i) ?? 0) + 1));
        }
        const told = (times: number) => [...events.values()].filter((count) => count >= times).length;
        await until('news for everyone', () => told(3) === WATCHERS, { timeoutMs: 60_000 });
        for (const id of ids) {
          expect((await fetch(`${url}/v1/jobs/${id}`, { headers: bearer })).status).toBe(200);
        }
      });
    },
    180_000,
  );

  it('cost one look a second at each job', async () => {
    const { connection, namespace } = base.temporal;
    let looks = 0;
    const describeCounted: WorkflowClientInterceptor = {
      describe: (input, next) => {
        looks += 1;
        return next(input);
      },
    };
    const client = new Client({ connection, namespace, interceptors: { workflow: [describeCounted] } });
    await withJobs(2, async (ids) => {
      const { app } = apiOn({ client });
      const readers: ReadableStreamDefaultReader[] = [];
      const began = performance.now();
      let events = 0;
      const streams = Array.from({ length: WATCHERS }, async (_, index) => {
        const { body } = await app.request(`/v1/jobs/${ids[index % 2]}/events`);
        const reader = body!.getReader();
        readers.push(reader);
        while (!(await reader.read()).done) events += 1;
      });
      await until('five events a stream', () => events >= 5 * WATCHERS);
      await Promise.all(readers.map((reader) => reader.cancel()));
      await Promise.all(streams);
      const seconds = (performance.now() - began) / 1_000;
      expect(looks).toBeGreaterThan(2);
      expect(looks).toBeLessThanOrEqual(2 * Math.ceil(seconds + 1));
    });
  });
});
