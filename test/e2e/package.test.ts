// The package as others import it: by its name, from what was built, in a repository beside it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { packageRoot } from '../../src/dev/root.js';
import { end, outputOf, start } from '../support/processes.js';
import { openTemporal, type TestTemporal } from '../support/temporal.js';

const ROOT = packageRoot();
let folder: string;
let temporal: TestTemporal;

beforeAll(async () => {
  temporal = await openTemporal();
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-package-'));
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(ROOT, path.join(folder, 'node_modules', 'longhaul'), 'dir');
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  const connections = { vault: { type: 'file', path: './archives' } };
  await writeFile(path.join(folder, 'longhaul.config.yml'), JSON.stringify({ connections }));
});
afterAll(async () => {
  await temporal?.close();
  await rm(folder, { recursive: true });
});

/** What it prints; throws where it fails. */
async function run(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout;
}

test('a process of one’s own runs worker and API, and a program talks to it', async () => {
  const main = path.join(ROOT, 'dist', 'examples', 'library', 'main.js');
  const service = start(process.execPath, [main, 'longhaul.config.yml', '0'], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: temporal.namespace,
    },
    cwd: folder,
  });
  try {
    const port = await outputOf(service, 'its port', () => /"port":(\d+)/.exec(service.stdout())?.[1]);
    const program = `
      import { createClient } from 'longhaul/client';
      const client = createClient({ url: 'http://127.0.0.1:${port}' });
      console.log((await client.check('vault')).ok, (await client.list()).jobs.length);
      await client.show('nothing').catch(({ name, code, status }) => console.log(name, code, status));`;
    await writeFile(path.join(folder, 'program.mjs'), program);
    expect(await run('program.mjs')).toBe('true 0\nApiError job_unknown 404\n');
  } finally {
    await end(service, 'SIGINT', 30_000);
  }
});

const CONSUMER = `
import { createClient, type Job } from 'longhaul/client';
import { createJsonGetter, defineConnector, pagedSource } from 'longhaul/connector';
import { describeSource } from 'longhaul/connector/testing';
import { createApp, createWorker } from 'longhaul';

const client = createClient({ url: 'http://127.0.0.1:8400' });
export const job: Promise<Job> = client.start({
  kind: 'backup', source: { connection: 'crm' }, sink: { connection: 'vault' },
});
// @ts-expect-error a kind that there is not
void client.start({ kind: 'bakcup', source: { connection: 'crm' }, sink: { connection: 'vault' } });
export const used = [createJsonGetter, defineConnector, pagedSource, describeSource, createApp, createWorker];
`;

test('its types hold for a strict TypeScript program', async () => {
  await writeFile(path.join(folder, 'consumer.ts'), CONSUMER);
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'NodeNext', '--target', 'ES2023'];
  expect(await run(tsc, ...flags, 'consumer.ts')).toBe('');
});

test('the client imports nothing but its own files', async () => {
  const built = path.join(ROOT, 'dist', 'src', 'client');
  const files = (await readdir(built)).filter((name) => name.endsWith('.js'));
  for (const file of files) {
    const text = await readFile(path.join(built, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\(?)\s*'([^']+)'/g)].map(([, name]) => name);
    expect(imports.filter((name) => !/^\.\/\w+\.js$/.test(name ?? ''))).toEqual([]);
  }
  expect(files).toContain('index.js');
});
