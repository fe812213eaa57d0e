// The SDK's own download of Temporal's programs, in a process of its own: the SDK offers no way to break one off.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../root.js';
import type { Say } from '../say.js';
import type { FindOptions } from './options.js';

/** Without a byte for so long, the download is given up: a network that drops packets would hold a start for minutes. */
const STALLED_AFTER_MS = 12_000;
const SAY_EVERY_MS = 5_000;

interface DownloadOptions {
  /** What it is, for people. */
  readonly name: string;
  readonly artifact: 'cli' | 'test-server';
  /** With a leading `v`, or `default`: what suits the SDK. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
  readonly signal?: AbortSignal | undefined;
}

export async function downloadCli(target: string, { version, env, say, signal }: FindOptions): Promise<void> {
  const name = `the Temporal CLI ${version}`;
  await download(target, { name, artifact: 'cli', version: `v${version}`, env, say, signal });
}

/** Puts the program at `target`, whole or not at all. */
export async function download(target: string, options: DownloadOptions): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  const stop = new AbortController();
  try {
    options.say(`downloading ${options.name} …`);
    await Promise.race([
      fetchInto(folder, options, stop.signal),
      failWhenStalled(folder, options, stop.signal),
    ]);
    await rename(join(folder, await theOneFile(folder)), target);
  } finally {
    stop.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

function fetchInto(
  folder: string,
  { artifact, version, env, signal }: DownloadOptions,
  stop: AbortSignal,
): Promise<void> {
  const script = join(packageRoot(), 'scripts', 'download-temporal.mjs');
  const child = spawn(process.execPath, [script, artifact, version, folder], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: signal ? AbortSignal.any([signal, stop]) : stop,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(lastLine(errors)))));
  });
}

async function failWhenStalled(
  folder: string,
  { name, say }: DownloadOptions,
  signal: AbortSignal,
): Promise<never> {
  let seen = { bytes: 0, at: performance.now() };
  let said = performance.now();
  for (;;) {
    await delay(500, undefined, { signal });
    const [bytes, at] = [await bytesIn(folder), performance.now()];
    if (bytes > seen.bytes) seen = { bytes, at };
    if (at - seen.at > STALLED_AFTER_MS) throw new Error(`nothing came for ${STALLED_AFTER_MS / 1000} s`);
    if (at - said > SAY_EVERY_MS && bytes > 0) {
      said = at;
      say(`downloading ${name}: ${Math.round(bytes / 1e6)} MB …`);
    }
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function theOneFile(folder: string): Promise<string> {
  const name = (await readdir(folder)).find((each) => each.startsWith('temporal-'));
  if (name === undefined) throw new Error('the SDK downloaded nothing');
  return name;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it failed without saying why';
}
