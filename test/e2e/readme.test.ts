// What the README tells a newcomer to type is typed here, in its order, and prints what the README shows.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/dev/ports.js';
import { readPage, ROOT, type Block } from '../support/docs.js';
import { START_TIMEOUT_MS } from '../support/harness.js';
import { end, outputOf, start, type Started } from '../support/processes.js';

const run = promisify(execFile);
const readme = await readPage('README.md');
const RUNNABLE = /^sh runnable *(.*)$/;
const runnable = readme.blocks.filter(({ info }) => RUNNABLE.test(info));

let folder: string;
let launcher: Started;
let api: string;
const printed = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-readme-'));
  await writeFile(path.join(folder, 'longhaul.config.yml'), await configOnPort(await freePort('127.0.0.1')));
  await linkCommand();
  // `npm start`, on ports that are free here.
  const ports = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
  launcher = start(process.execPath, [path.join(ROOT, 'scripts/run.mjs'), 'dev', ...ports], { cwd: folder });
  const find = () => /^ {2}API +(http:\S+)[^]*Try, in/m.exec(launcher.stdout())?.[1];
  api = await outputOf(launcher, 'Longhaul runs', find, START_TIMEOUT_MS);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await end(launcher, 'SIGINT', 30_000);
  await rm(folder, { recursive: true });
});

/** The config of the checkout, its sample API elsewhere. */
async function configOnPort(port: number): Promise<string> {
  const text = await readFile(path.join(ROOT, 'longhaul.config.yml'), 'utf8');
  return text.replaceAll('8500', String(port));
}

/** `npx longhaul` finds the command of the checkout, as in the checkout. */
async function linkCommand(): Promise<void> {
  const bin = path.join(folder, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await symlink(path.join(ROOT, 'bin/longhaul.mjs'), path.join(bin, 'longhaul'));
}

async function isInstalled(tool: string): Promise<boolean> {
  return run('sh', ['-c', `command -v ${tool}`]).then(
    () => true,
    () => false,
  );
}

test('npm start is what is started here', async () => {
  const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toBe('node scripts/run.mjs dev');
  expect(missingFrom(launcher.stdout(), blockWith('Longhaul runs.'))).toEqual([]);
});

test('there are blocks to run', () => expect(runnable.length).toBeGreaterThan(2));

test.for(runnable.map((block) => [block.body.split('\n')[0], block] as const))(
  '%s … can be typed as it stands',
  { timeout: 300_000 },
  async ([, { info, body }], context) => {
    for (const tool of (RUNNABLE.exec(info)?.[1] ?? '').split(' ').filter(Boolean)) {
      context.skip(!(await isInstalled(tool)), `${tool} is not installed`);
    }
    const env = {
      ...process.env,
      LONGHAUL_API: api,
      npm_config_offline: 'true',
      npm_config_loglevel: 'error',
    };
    const commands = body.replaceAll('http://127.0.0.1:8400', api);
    const { stdout } = await run('bash', ['-euc', commands], { cwd: folder, env });
    expect(stdout).not.toBe('');
    printed.set(body, stdout);
  },
);

test('the first backup prints what the README shows', () => {
  const output = outputOfBlockWith('--archive first');
  expect(missingFrom(output, blockWith('completed after'))).toEqual([]);
});

test('a record comes out of the archive with nothing but zstd', async (context) => {
  context.skip(!(await isInstalled('zstd')), 'zstd is not installed');
  const lines = outputOfBlockWith('zstd -dcq').trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines.map((line) => typeof (JSON.parse(line) as { id: unknown }).id)).not.toContain('undefined');
});

test('the API takes the job and lists it', () => {
  const output = outputOfBlockWith('curl');
  expect(output).toMatch(/^\{"id":"backup-sample-[^]*"state":"queued"[^]*"archive":"vault\/nightly\//);
  expect(output).toMatch(/^verify-\S+ +verify +completed/m);
});

function blockWith(text: string): Block {
  const found = readme.blocks.find(({ info, body }) => info === '' && body.includes(text));
  if (!found) throw new Error(`README.md shows nothing with: ${text}`);
  return found;
}

function outputOfBlockWith(text: string): string {
  const [, output = ''] = [...printed].find(([body]) => body.includes(text)) ?? [];
  return output;
}

/** What the README shows and no printed line begins with: ids, figures and ports are others each time. */
function missingFrom(output: string, { body }: Block): string[] {
  const lines = output.split('\n').map(withoutFigures);
  return body
    .split('\n')
    .filter((line) => !lines.some((printed) => printed.startsWith(withoutFigures(line))));
}

function withoutFigures(line: string): string {
  return line.replaceAll(/(backup|verify)-[\w-]+/g, 'ID').replaceAll(/(\d+ m )?[\d.,]+/g, 'N');
}
