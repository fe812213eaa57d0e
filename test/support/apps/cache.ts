// Where fetched and built applications are kept between runs: outside the checkout, each made once and whole.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { alive } from '../processes.js';
import { until } from '../until.js';

const run = promisify(execFile);

/** Cold, on two busy cores, with the network at its worst. */
export const INSTALL_TIMEOUT_MS = 900_000;

/**
 * The folder of an application, made by `make` in a folder beside it when it is not there yet and then renamed,
 * so that what is there is whole. Of several processes one makes it and the others wait.
 */
export async function installed(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cacheFolder(), name);
  const probe = async (): Promise<string | undefined> => {
    if (await exists(folder)) return folder;
    if (!(await lock(folder))) return undefined;
    try {
      if (!(await exists(folder))) await makeWhole(folder, make);
      return folder;
    } finally {
      await rm(`${folder}.lock`, { force: true });
    }
  };
  return until(`${name} is installed in ${folder}`, probe, { timeoutMs: INSTALL_TIMEOUT_MS, everyMs: 500 });
}

/** Runs a command to its end; its output is in the error when it fails. */
export async function command(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
  return (await run(file, args, options)).stdout;
}

/** The first line a tool says to these arguments, or null where the tool is missing. */
export async function toolVersion(file: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await command(file, args)).trim();
  } catch {
    return null;
  }
}

/** Why tests of an application cannot run here, as a title says it; null where they can. CI has every tool, so there it is never a skip. */
export async function missingTool(file: string, args: readonly string[]): Promise<string | null> {
  if (process.env['CI'] || (await toolVersion(file, args)) !== null) return null;
  return `needs ${file}, which is not on PATH`;
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  return path.join(base, 'longhaul', 'apps');
}

async function makeWhole(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  const draft = `${folder}.draft`;
  console.info(`installing ${path.basename(folder)} into ${path.dirname(folder)} (once)`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await make(draft);
  await rename(draft, folder);
}

/** True for the one process that may make the folder. The lock of a dead process is taken over. */
async function lock(folder: string): Promise<boolean> {
  await mkdir(path.dirname(folder), { recursive: true });
  try {
    await writeFile(`${folder}.lock`, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return releaseDead(`${folder}.lock`);
  }
}

async function releaseDead(lockFile: string): Promise<false> {
  const holder = await readFile(lockFile, 'utf8').catch(() => '');
  if (holder !== '' && !(await alive(Number(holder)))) await rm(lockFile, { force: true });
  return false;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
