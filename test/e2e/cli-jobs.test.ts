// The command line as a person uses it: the real `longhaul` process against a whole Longhaul.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSampleApi } from '../../examples/sample-api/server.js';
import type { Job } from '../../src/core/job.js';
import { START_TIMEOUT_MS, startLonghaul } from '../support/harness.js';
import type { LonghaulInstance } from '../support/harness.js';
import { kill, outputOf, start } from '../support/processes.js';
import type { Started } from '../support/processes.js';
import { until } from '../support/until.js';

const BIN = fileURLToPath(new URL('../../bin/longhaul.mjs', import.meta.url));
const RECORDS = 20_000;

let sample: Server;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  sample = createSampleApi({ records: RECORDS, seed: 1, faults: false, rps: 1_000, token: undefined });
  sample.listen(0, '127.0.0.1');
  await once(sample, 'listening');
  longhaul = await startLonghaul({ connections: { sample: connection(), slow: connection(4) } });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  sample?.closeAllConnections();
  sample?.close();
});

function connection(requestsPerSecond?: number) {
  const { port } = sample.address() as AddressInfo;
  const paginator = { type: 'cursor', cursor_path: 'next', cursor_param: 'cursor', total_path: 'total' };
  const stream = (name: string) => ({
    path: `/${name}`,
    key: ['id'],
    records: 'data',
    paginator,
    pageSize: { param: 'limit', size: 100 },
  });
  return {
    type: 'http',
    baseUrl: `http://127.0.0.1:${port}`,
    ...(requestsPerSecond ? { limits: { requestsPerSecond } } : {}),
    streams: {
      contacts: stream('contacts'),
      companies: stream('companies'),
      ghosts: { ...stream('ghosts'), paginator: { ...paginator, total_path: undefined } },
    },
  };
}

/** Finds the API by the data folder of the instance, as in a checkout. */
function cli(...args: string[]): Started {
  const env = { ...process.env, TEMPORAL_ADDRESS: longhaul.temporal, LONGHAUL_API: '' };
  return start(process.execPath, [BIN, ...args], { env, cwd: longhaul.folder });
}

async function run(...args: string[]) {
  const command = cli(...args, '--data-dir', 'data');
  const code = await until(`longhaul ${args.join(' ')} ends`, () => ended(command));
  return { code: code.with, stdout: command.stdout(), stderr: command.stderr() };
}

/** Exit code 0 is an answer too. */
function ended(command: Started) {
  const code = command.ended();
  return code !== undefined && { with: code };
}

describe('backup and verify with --wait', () => {
  test('end with a summary, exit 0, and leave an archive that verify proves', async () => {
    const backup = await run('backup', 'sample/contacts,companies', '--to', 'vault/nightly', '--wait');
    expect(backup).toMatchObject({ code: 0 });
    expect(backup.stdout).toContain('records   20,000');
    expect(backup.stderr).toContain('completed 100.0 %');
    const archive = /archive {3}(\S+)/.exec(backup.stdout)?.[1] ?? '';
    expect(archive).toMatch(/^vault\/nightly\//);

    const verify = await run('verify', archive, '--wait', '--json');
    expect(verify.code).toBe(0);
    expect(JSON.parse(verify.stdout)).toMatchObject({ kind: 'verify', state: 'completed' });
  });

  test('verify --sample reads a part of an archive, and says that it did', async () => {
    const small = ['--checkpoint-bytes', '100000', '--lanes', '1'];
    const backup = await run('backup', 'sample/companies', '--to', 'vault', '--wait', '--json', ...small);
    const { archive, result } = JSON.parse(backup.stdout) as Job;
    expect(result?.segments).toBeGreaterThan(5);

    const verify = await run('verify', archive ?? '', '--sample', '0.5%', '--wait', '--json');
    expect(verify.code).toBe(0);
    const { progress, result: proven } = JSON.parse(verify.stdout) as Job;
    const { sample: read, records } = proven ?? {};
    expect(read).toMatchObject({ share: '0.5%', read: { records }, of: { records: result?.records } });
    expect(read?.read.segments).toBeLessThan(read?.of.segments ?? 0);
    expect(progress).toMatchObject({ percent: 100, records, estimatedRecords: records });
    const shown = await run('show', (JSON.parse(verify.stdout) as Job).id);
    expect(shown.stdout).toMatch(/sample +0\.5%: \d+ of \d+ segments, .* as stored/);
    expect(shown.stdout).toContain('A sample was read, not the whole:');
  });

  test('verify of a damaged archive names the object and exits 1', async () => {
    const backup = await run('backup', 'sample/companies', '--to', 'vault', '--wait', '--json');
    const job = JSON.parse(backup.stdout) as Job;
    const folder = longhaul.archiveOf(job);
    const segment = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.zst')) ?? '';
    await writeFile(path.join(folder, segment), 'not what was written');

    const verify = await run('verify', job.archive ?? '', '--wait');
    expect(verify.code).toBe(1);
    expect(verify.stdout).toContain(`${segment}: `);
    expect(verify.stdout).toContain('  damaged ');
    expect(verify.stderr).toContain('error archive_damaged:');
  });

  test('a job that fails exits 1 with its named error and a hint', async () => {
    const { code, stderr } = await run('backup', 'sample/ghosts', '--to', 'vault', '--wait');
    expect(code).toBe(1);
    expect(stderr).toContain('error source_not_found:');
    expect(stderr).toContain('hint: ');
  });

  test('a spec that cannot run exits 2 and names the place of the fault', async () => {
    const { code, stdout, stderr } = await run('backup', 'nowhere', '--to', 'vault');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('source.connection');
  });
});

describe('what a job leaves behind', () => {
  test('is downloaded whole, and an export of the archive holds what the archive does', async () => {
    const backup = await run('backup', 'sample/companies', '--to', 'vault', '--wait', '--json');
    const { id, archive, result } = JSON.parse(backup.stdout) as Job;
    expect(await run('download', id, '--out', 'copy')).toMatchObject({ code: 0 });
    const copied = (await readdir(path.join(longhaul.folder, 'copy'), { recursive: true })).toSorted();
    const stored = await readdir(longhaul.archiveOf({ archive } as Job), { recursive: true });
    expect(copied).toEqual(stored.toSorted());

    const exported = await run('export', archive ?? '', '--to', 'vault/out', '--format', 'jsonl', '--wait');
    expect(exported.code).toBe(0);
    expect(exported.stdout).toContain(`records   ${result?.records.toLocaleString('en-US')}`);
    const exportId = exported.stdout.split(' ')[0] ?? '';
    const { stdout } = await run('files', exportId);
    expect(stdout).toContain('export.json');
    const file = /^(\S+\.jsonl) /m.exec(stdout)?.[1] ?? '';
    expect(await run('download', exportId, file, '--out', 'files')).toMatchObject({ code: 0 });
    const lines = (await readFile(path.join(longhaul.folder, 'files', file), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(result?.records ?? -1);
  });

  test('of two archives is what differs between them', async () => {
    const archives = [];
    for (const stream of ['companies', 'companies', 'contacts']) {
      const backup = await run('backup', `sample/${stream}`, '--to', 'vault', '--wait', '--json');
      archives.push((JSON.parse(backup.stdout) as Job).archive ?? '');
    }
    const [first = '', second = '', other = ''] = archives;
    const same = await run('diff', first, second);
    expect(same).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(' the same, 0 added, 0 removed, 0 changed'),
    });
    const differs = await run('diff', first, other, '--json');
    expect(differs.code).toBe(1);
    const { job, differences } = JSON.parse(differs.stdout) as { job: Job; differences: object[] };
    expect(job.error?.code).toBe('archive_differs');
    expect(differences).toHaveLength(20);
  });
});

describe('a job that is watched', () => {
  test('goes on when Ctrl-C detaches, survives a killed API, and takes pause, resume and cancel', async () => {
    const waiting = cli('backup', 'slow/contacts', '--to', 'vault', '--wait', '--data-dir', 'data');
    const id = await outputOf(waiting, 'the id', () => /backup-slow-\S+/.exec(waiting.stderr())?.[0]);
    await outputOf(waiting, 'progress', () => waiting.stderr().includes('running') || undefined);
    waiting.child.kill('SIGINT');
    await until('it detaches', () => ended(waiting));
    expect(waiting.ended()).toBe(130);
    expect(waiting.stderr()).toContain(`Come back with: longhaul watch ${id}`);
    expect((await longhaul.show(id)).state).toBe('running');

    const watching = cli('watch', id, '--json', '--data-dir', 'data');
    await outputOf(watching, 'an event', () => watching.stdout().includes('\n') || undefined);
    await kill(longhaul.pids.api);
    await outputOf(watching, 'the gap', () => watching.stderr().includes('trying again') || undefined);

    const paused = await until('pause is taken', async () => {
      const { code, stdout } = await run('pause', id);
      return code === 0 && stdout;
    });
    expect(paused).toContain(id);
    const states = () => watching.stdout().split('\n').slice(0, -1).map(stateOf);
    await outputOf(watching, 'state paused', () => states().includes('paused') || undefined);
    expect((await run('resume', id)).code).toBe(0);
    await outputOf(watching, 'running again', () => states().at(-1) === 'running' || undefined);
    expect((await run('cancel', id)).code).toBe(0);
    await until('watch ends', () => ended(watching));
    expect(watching.ended()).toBe(4);
    expect(states().at(-1)).toBe('cancelled');
  });
});

test('a worker ends when it is told to, though the channel to its launcher is open', async () => {
  const env = { ...process.env, TEMPORAL_ADDRESS: longhaul.temporal };
  const worker = fork(BIN, ['worker', '--config', longhaul.config], { env, silent: true });
  onTestFinished(() => void worker.kill('SIGKILL'));
  await once(worker, 'message');
  worker.kill('SIGTERM');
  const [code] = (await once(worker, 'exit', { signal: AbortSignal.timeout(8_000) })) as [number | null];
  expect(code).toBe(0);
});

function stateOf(line: string): string {
  return (JSON.parse(line) as Job).state;
}

describe('looking', () => {
  test('jobs --json is one document, filtered', async () => {
    await longhaul.run({
      kind: 'backup',
      source: { connection: 'sample', streams: ['companies'] },
      sink: { connection: 'vault' },
      options: { tenant: 'acme' },
    });
    const found = await until('the job is listed', async () => {
      const { stdout } = await run('jobs', '--tenant', 'acme', '--state', 'completed', '--json');
      const { jobs } = JSON.parse(stdout) as { jobs: Job[] };
      return jobs.length > 0 && jobs;
    });
    expect(found).toHaveLength(1);
    const [job] = found;
    expect(job?.options.tenant).toBe('acme');
    expect((await run('show', job?.id ?? '')).stdout).toContain('completed');
    expect((await run('jobs')).stdout).toContain(job?.id);
  });

  test('connections lists them, and check lets a worker try one', async () => {
    const { stdout } = await run('connections');
    expect(stdout).toMatch(/^sample +http +source/m);
    const check = await run('connections', 'check', 'vault');
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain('vault ok:');
  });

  test('setup finds on the dev server what it would register', async () => {
    const command = cli('setup', '--json');
    const { with: code } = await until('setup ends', () => ended(command));
    expect(code).toBe(0);
    expect(JSON.parse(command.stdout())).toMatchObject({ added: [] });
  });

  test('an unknown job exits 2, an API that is not there 3', async () => {
    expect((await run('show', 'backup-nobody')).code).toBe(2);
    expect((await run('jobs', '--api', 'http://127.0.0.1:1')).code).toBe(3);
  });
});
