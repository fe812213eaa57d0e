// `longhaul dev` as its users meet it: real processes that are started, killed and stopped.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DevNote } from '../../src/dev/data-folder.js';
import { loadDeclaration } from '../../src/dev/declaration.js';
import { freePort } from '../../src/dev/ports.js';
import { START_TIMEOUT_MS } from '../support/harness.js';
import { alive, end, kill, outputOf, start } from '../support/processes.js';
import type { Started } from '../support/processes.js';
import { until } from '../support/until.js';

const BIN = fileURLToPath(new URL('../../bin/longhaul.mjs', import.meta.url));
const FREE = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
const PLAIN = { connections: { vault: { type: 'file', path: './archives' } } };

let folder: string;
let dataDir: string;
const started: Started[] = [];

async function prepare(config: object = PLAIN): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-dev-'));
  dataDir = join(folder, 'data');
  await writeFile(join(folder, 'longhaul.config.yml'), JSON.stringify(config));
}

function dev(...args: string[]): Started {
  const config = join(folder, 'longhaul.config.yml');
  const launcher = start(process.execPath, [BIN, 'dev', '--config', config, '--data-dir', dataDir, ...args]);
  started.push(launcher);
  return launcher;
}

async function isReady(launcher: Started, sign = '"event":"ready"'): Promise<string> {
  const line = (): string | undefined => (launcher.stdout().includes(sign) ? launcher.stdout() : undefined);
  return outputOf(launcher, 'the launcher is ready', line, START_TIMEOUT_MS);
}

const note = async (): Promise<DevNote> =>
  JSON.parse(await readFile(join(dataDir, 'dev.json'), 'utf8')) as DevNote;
const healthy = async (): Promise<boolean> => (await fetch(`${(await note()).api}/healthz`)).ok;
const leftOf = async ({ processes }: DevNote): Promise<string[]> => {
  const left = await Promise.all(processes.map(async ({ name, pid }) => ((await alive(pid)) ? name : [])));
  return left.flat();
};

async function cleanUp(): Promise<void> {
  for (const launcher of started.splice(0)) await end(launcher, 'SIGINT');
  await rm(folder, { recursive: true, force: true });
}

describe('a running `longhaul dev`', () => {
  let launcher: Started;
  beforeAll(async () => {
    await prepare();
    launcher = dev('--json', ...FREE);
    await isReady(launcher);
  });
  afterAll(cleanUp);

  it('prints one line of JSON on stdout, once everything answers', async () => {
    const ready = JSON.parse(launcher.stdout()) as DevNote & { event: string };
    const { api, webUi, temporal, pids } = await note();
    expect(ready).toEqual({ event: 'ready', api, webUi, temporal, pids });
    expect(pids.workers).toHaveLength(1);
    expect(await healthy()).toBe(true);
    expect((await fetch(webUi)).ok).toBe(true);
  });

  it('has set the retention and registered the search attributes that are declared', async () => {
    const { namespace, retentionDays, searchAttributes } = await loadDeclaration();
    const connection = await Connection.connect({ address: (await note()).temporal });
    try {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(retentionDays * 86_400);
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.keys(searchAttributes)));
    } finally {
      await connection.close();
    }
  });

  it('refuses a second start on the same data, with the process and address of the first', async () => {
    const second = dev(...FREE);
    await until('the second gives up', () => second.ended() !== undefined);
    expect(second.ended()).not.toBe(0);
    expect(second.stderr()).toContain('already_running');
    expect(second.stderr()).toContain(`process ${launcher.pid}, API ${(await note()).api}`);
    expect(await healthy()).toBe(true);
  });

  it.each([
    ['worker-1', ({ pids }: DevNote) => pids.workers[0]],
    ['api', ({ pids }: DevNote) => pids.api],
    ['temporal', ({ pids }: DevNote) => pids.temporal],
  ])('starts %s again after kill -9, at the same address, and notes its new pid', async (name, pidIn) => {
    const before = await note();
    const killed = pidIn(before);
    await kill(killed ?? -1);
    await until(`${name} runs again`, () => launcher.stderr().includes(`${name} runs again`));
    const after = await note();
    expect(pidIn(after)).not.toBe(killed);
    expect(after.api).toBe(before.api);
    expect(after.temporal).toBe(before.temporal);
    await until('the API answers', healthy);
    const connection = await Connection.connect({ address: after.temporal });
    await connection.close();
  });

  it('stops everything at SIGINT within five seconds, exits 0 and leaves nothing behind', async () => {
    const last = await note();
    const begin = performance.now();
    await end(launcher, 'SIGINT');
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(launcher.ended()).toBe(0);
    expect(await leftOf(last)).toEqual([]);
    await expect(note()).rejects.toThrow('ENOENT');
  });
});

describe('starting `longhaul dev`', () => {
  afterEach(cleanUp);

  it('works on the data of a launcher that was killed, whose processes end by themselves', async () => {
    await prepare();
    const first = dev('--json', ...FREE);
    await isReady(first);
    const last = await note();
    await kill(first.pid);
    const second = dev('--json', ...FREE);
    await isReady(second);
    expect(await leftOf(last)).toEqual([]);
    expect(await healthy()).toBe(true);
  });

  it('ends the processes of a killed launcher without being started again', async () => {
    await prepare();
    const launcher = dev('--json', ...FREE);
    await isReady(launcher);
    const last = await note();
    await kill(launcher.pid);
    expect(last.processes.length).toBeGreaterThanOrEqual(3);
    await until('nothing is left', async () => (await leftOf(last)).length === 0);
  });

  it('ends when the shell is gone in which npm started it', async () => {
    await prepare();
    const command = [process.execPath, BIN, 'dev', '--json', '--config', join(folder, 'longhaul.config.yml')];
    const line = [...command, '--data-dir', dataDir, ...FREE].join(' ');
    const env = { ...process.env, npm_lifecycle_event: 'start' };
    const shell = start('/bin/sh', ['-c', `${line}; true`], { env });
    await isReady(shell);
    const last = await note();
    await kill(shell.pid);
    await until('the launcher has released its data', () =>
      note().then(
        () => false,
        () => true,
      ),
    );
    expect(await leftOf(last)).toEqual([]);
  });

  it('can do without workers', async () => {
    await prepare();
    const launcher = dev('--json', '--workers', '0', ...FREE);
    await isReady(launcher);
    expect((await note()).pids.workers).toEqual([]);
  });

  it('serves the sample API that the config asks for, and tells people where everything is', async () => {
    const port = await freePort('127.0.0.1');
    await prepare({ ...PLAIN, dev: { sampleApi: { port } } });
    const launcher = dev(...FREE);
    const banner = await isReady(launcher, 'Ctrl-C');
    const { api, webUi, temporal } = await note();
    for (const part of [api, webUi, temporal, `http://127.0.0.1:${port}`, dataDir])
      expect(banner).toContain(part);
    await expect(fetch(`http://127.0.0.1:${port}/contacts`)).resolves.toBeInstanceOf(Response);
  });

  it('names a port that is taken, who needs it and the flag for another', async () => {
    await prepare();
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const launcher = dev('--port', String(port), '--temporal-port', '0', '--ui-port', '0');
    await until('it gives up', () => launcher.ended() !== undefined);
    squatter.close();
    expect(launcher.ended()).not.toBe(0);
    expect(launcher.stderr()).toContain(`port_taken: Port ${port} on 127.0.0.1 is taken; the API needs it.`);
    expect(launcher.stderr()).toContain('--port N');
    await expect(note()).rejects.toThrow('ENOENT');
  });

  it('refuses a faulty config before anything is started', async () => {
    await prepare({ connections: { vault: { type: 'floppy' } } });
    const launcher = dev(...FREE);
    await until('it gives up', () => launcher.ended() !== undefined);
    expect(launcher.stderr()).toContain('config_invalid');
    await expect(note()).rejects.toThrow('ENOENT');
  });

  it('stops without a trace when it is interrupted while it starts', async () => {
    await prepare();
    const launcher = dev('--json', ...FREE);
    const noted = await until('the first process', () => note().catch(() => undefined), {
      timeoutMs: START_TIMEOUT_MS,
    });
    await end(launcher, 'SIGINT');
    expect(launcher.ended()).toBe(0);
    expect(launcher.stdout()).toBe('');
    expect(await leftOf(noted)).toEqual([]);
  });
});
