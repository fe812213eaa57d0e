// Finds the Temporal CLI, or fetches or builds it: TEMPORAL_CLI_PATH, PATH, Longhaul's own cache, the download of
// Temporal's SDK, `go install`. In this order; the first that works is taken, and what was tried is told.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LonghaulError } from '../../core/errors.js';
import { withLock } from '../lock.js';
import { downloadCli } from './download.js';
import { goInstall } from './go-install.js';
import type { FindOptions } from './options.js';
import { isAtLeast, probeCli } from './probe.js';

/** A way to get the CLI: its path, or an Error saying why not. */
interface Route {
  readonly name: string;
  take(options: FindOptions): Promise<string>;
}

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

const LOCAL: readonly Route[] = [
  { name: '`temporal` on PATH', take: fromPath },
  { name: 'the cache', take: fromCache },
];
const FETCHING: readonly Route[] = [
  { name: "the download of Temporal's SDK", take: (options) => fetchWith(downloadCli, options) },
  { name: '`go install`', take: (options) => fetchWith(goInstall, options) },
];

/** The path of a CLI that runs. @throws LonghaulError `temporal_missing` listing what was tried. */
export async function findTemporalCli(options: FindOptions): Promise<string> {
  const named = options.env['TEMPORAL_CLI_PATH'];
  if (named) return fromVariable(named);
  const failures: string[] = [];
  const local = await firstOf(LOCAL, options, failures);
  return local ?? (await underLock(options, failures));
}

/** Where fetched and built CLIs are kept: outside of the checkout, so that the next clone finds them. */
export function cachePath(options: Pick<FindOptions, 'version' | 'env'>): string {
  return join(cacheFolder(options.env), 'temporal-cli', options.version, EXECUTABLE);
}

export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'longhaul');
}

/** Who names a CLI means that one: no other is taken in its place. */
async function fromVariable(path: string): Promise<string> {
  try {
    await probeCli(path);
    return path;
  } catch (error) {
    const hint = 'Set TEMPORAL_CLI_PATH to a Temporal CLI, or unset it to have one found.';
    throw new LonghaulError('temporal_missing', `TEMPORAL_CLI_PATH is ${path}: ${(error as Error).message}`, {
      hint,
      cause: error,
    });
  }
}

async function firstOf(
  routes: readonly Route[],
  options: FindOptions,
  failures: string[],
): Promise<string | null> {
  for (const route of routes) {
    try {
      return await route.take(options);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`${route.name}: ${(error as Error).message}`);
    }
  }
  return null;
}

/** One process fetches; others that want the same wait, and find it in the cache. */
async function underLock(options: FindOptions, failures: string[]): Promise<string> {
  const waiting = ({ pid }: { pid: number }): void =>
    options.say(`another process (${pid}) is getting the Temporal CLI; waiting for it …`);
  return withLock(`${cachePath(options)}.lock`, waiting, async () => {
    const cached = await fromCache(options).catch(() => null);
    const found = cached ?? (await firstOf(FETCHING, options, failures));
    if (found === null) throw nothingWorked(options, failures);
    return found;
  });
}

async function fromPath({ version, env, say }: FindOptions): Promise<string> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = folders.map((folder) => join(folder, EXECUTABLE));
  for (const path of paths) {
    if (!(await isExecutable(path))) continue;
    const found = await probeCli(path);
    if (!isAtLeast(found.cli, version)) throw new Error(`${path} is ${found.cli}, older than ${version}`);
    if (found.cli !== version) say(`using ${path} (version ${found.cli}, server ${found.server})`);
    return path;
  }
  throw new Error('there is none');
}

async function fromCache(options: FindOptions): Promise<string> {
  const path = cachePath(options);
  if (!(await isExecutable(path))) throw new Error(`${path} is not there`);
  await probeCli(path);
  return path;
}

/** Fetches into the cache and makes sure that what came can be run. */
async function fetchWith(
  fetch: (target: string, options: FindOptions) => Promise<void>,
  options: FindOptions,
): Promise<string> {
  const target = cachePath(options);
  await fetch(target, options);
  await probeCli(target);
  return target;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function nothingWorked({ version }: FindOptions, failures: readonly string[]): LonghaulError {
  const tried = failures.map((failure) => `  - ${failure}`).join('\n');
  return new LonghaulError(
    'temporal_missing',
    `No Temporal CLI (${version}) could be had. Tried:\n${tried}`,
    {
      hint: `Install the Temporal CLI ${version} or newer and put it on PATH, or set TEMPORAL_CLI_PATH to it; or install Go and start again.`,
    },
  );
}
