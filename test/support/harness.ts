// A whole Longhaul for a test: the built `longhaul dev` with Temporal, API and workers as processes of their own,
// on free ports and in a folder of its own, and the few calls that a test makes to it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, fetch, Headers } from 'undici';
import type { Job } from '../../src/core/job.js';
import { ENDED } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { packageRoot } from '../../src/dev/root.js';
import { alive, descendants, end, outputOf, start } from './processes.js';
import type { ProcessRow, Started } from './processes.js';
import { until } from './until.js';

const BIN = path.join(packageRoot(), 'bin', 'longhaul.mjs');
/** Long enough for a first start that has to fetch or build the Temporal CLI. */
export const START_TIMEOUT_MS = 300_000;
const JOB_TIMEOUT_MS = 90_000;

export interface HarnessOptions {
  /** Beside these there is always `vault`, the folder `archives` of the instance. */
  readonly connections: Readonly<Record<string, unknown>>;
  /** Modules of connectors of one's own. */
  readonly connectors?: readonly string[];
  /** Worker processes. Default 1. */
  readonly workers?: number;
  /** A folder that outlives the instance, to start another on the same data; default: a fresh one, removed at the end. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: any that is free. */
  readonly temporalPort?: number;
}

/** The ready line of `longhaul dev --json`. */
interface Ready {
  readonly event: 'ready';
  readonly api: string;
  readonly webUi: string;
  readonly temporal: string;
  readonly pids: { readonly temporal: number; readonly api: number; readonly workers: readonly number[] };
}

/** An answer of the API. Problems come as bodies, not as errors. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly [field: string]: unknown;
}

/** A connection a call: one kept alive may be closed under a test that was busy comparing. */
const dispatcher = new Agent({ pipelining: 0 });

export type LonghaulInstance = Awaited<ReturnType<typeof startLonghaul>>;

/** Starts everything and waits for the ready line. */
export async function startLonghaul(options: HarnessOptions) {
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), 'longhaul-')));
  const vault = path.join(folder, 'archives');
  const config = path.join(folder, 'longhaul.config.yml');
  await mkdir(vault, { recursive: true });
  await writeConfig(config, options);
  const env = { ...process.env, ...options.env };
  const launcher = start(process.execPath, [BIN, ...devArguments(config, folder, options)], {
    env,
    cwd: folder,
  });
  const temporary = options.folder === undefined ? folder : null;
  const ready = await readyLine(launcher).catch(async (error: unknown) => {
    await stop(launcher, temporary);
    throw error;
  });
  return {
    ...client(ready.api),
    ...ready,
    folder,
    config,
    launcher,
    /** Where the connection `vault` keeps its archives. */
    vault,
    /** The folder of an archive that a job wrote, below that of its connection. */
    archiveOf: (job: Job, root = vault) => archiveFolder(root, job),
    /** Pids of the launcher's workers as they are now: a restarted one has a new pid. */
    workerPids: async () => workersOf(await descendants(launcher.pid)),
    /** One more worker beside those of the launcher, of this build unless told otherwise; `flags` are Node's. The caller ends it. */
    startWorker: ({
      bin = BIN,
      env: more = {},
      flags = [],
    }: { bin?: string; env?: Readonly<Record<string, string>>; flags?: readonly string[] } = {}) =>
      start(process.execPath, [...flags, bin, 'worker', '--config', config], {
        env: { ...env, ...more, TEMPORAL_ADDRESS: ready.temporal },
        cwd: folder,
      }),
    stop: () => stop(launcher, temporary),
  };
}

function devArguments(
  config: string,
  folder: string,
  { workers = 1, temporalPort = 0 }: HarnessOptions,
): string[] {
  const data = path.join(folder, 'data');
  const ports = ['--port', '0', '--temporal-port', String(temporalPort), '--ui-port', '0'];
  return ['dev', '--json', '--config', config, '--data-dir', data, ...ports, '--workers', String(workers)];
}

/** JSON is YAML. */
async function writeConfig(file: string, { connections, connectors }: HarnessOptions): Promise<void> {
  const vault = { type: 'file', path: './archives' };
  await writeFile(file, JSON.stringify({ connectors, connections: { vault, ...connections } }, null, 2));
}

async function readyLine(launcher: Started): Promise<Ready> {
  const find = (): Ready | undefined => {
    const line = launcher
      .stdout()
      .split('\n')
      .slice(0, -1)
      .find((text) => text.includes('"event":"ready"'));
    return line === undefined ? undefined : (JSON.parse(line) as Ready);
  };
  return outputOf(launcher, 'the ready line of `longhaul dev`', find, START_TIMEOUT_MS);
}

function workersOf(rows: readonly ProcessRow[]): number[] {
  return rows.filter((row) => /longhaul\S*\s+worker\b/.test(row.command)).map((row) => row.pid);
}

function archiveFolder(root: string, { archive }: Job): string {
  if (archive === null) throw new Error('the job has no archive');
  return path.join(root, archive.slice(archive.indexOf('/') + 1));
}

/** Stops all as Ctrl-C does, and fails when a process is left behind. */
async function stop(launcher: Started, folder: string | null): Promise<void> {
  const started = await descendants(launcher.pid);
  await end(launcher, 'SIGINT', 30_000);
  const left = [];
  for (const row of started) if (await alive(row.pid)) left.push(row);
  for (const row of left) process.kill(row.pid, 'SIGKILL');
  if (left.length > 0) throw new Error(`left behind: ${left.map((row) => row.command).join('; ')}`);
  if (folder) await rm(folder, { recursive: true, force: true });
}

function client(api: string) {
  const call = <T>(method: string, target: string, body?: unknown, headers?: Record<string, string>) =>
    request<T>(`${api}${target}`, method, body, headers);
  const look = (id: string) => call<Job>('GET', `/v1/jobs/${id}`);
  const show = async (id: string): Promise<Job> => expectStatus(200, await look(id));
  /** Posts a job that must be accepted. */
  const post = async (spec: JobSpec): Promise<Job> =>
    expectStatus(202, await call<Job>('POST', '/v1/jobs', spec));
  const waitFor = waitForJob(look);
  const steer = async (id: string, action: 'pause' | 'resume' | 'cancel' | 'retry'): Promise<Job> =>
    expectStatus(202, await call<Job>('POST', `/v1/jobs/${id}/${action}`));
  return {
    call,
    show,
    post,
    waitFor,
    ended: (id: string) => waitFor(id, 'it ends', (job) => ENDED.includes(job.state)),
    /** Posts a job and waits for its end; the end must be `completed` unless said otherwise. */
    run: async (spec: JobSpec, state: Job['state'] = 'completed'): Promise<Job> =>
      waitFor((await post(spec)).id, `state ${state}`, (job) => job.state === state),
    steer,
    /** Retries a failed job, which must complete. */
    retried: async ({ id }: Job): Promise<Job> => {
      await steer(id, 'retry');
      return waitFor(id, 'state completed after retry', (job) => job.state === 'completed');
    },
  };
}

/**
 * Polls a job until a condition holds; an API or a Temporal that is away is waited for. A job that ends otherwise is an
 * error at once, and shows the job.
 */
function waitForJob(look: (id: string) => Promise<Answer<Job>>) {
  return async (
    id: string,
    what: string,
    condition: (job: Job) => boolean,
    timeoutMs = JOB_TIMEOUT_MS,
  ): Promise<Job> => {
    let last: unknown;
    const seen = (): string => JSON.stringify(last, null, 1);
    const probe = async (): Promise<Job | undefined> => {
      const answer = await look(id).catch(unreachable);
      last = answer.body;
      if (answer.status === 503) return undefined;
      const job = expectStatus(200, answer);
      if (condition(job)) return job;
      if (ENDED.includes(job.state)) throw new Error(`job ended before: ${what}\n${seen()}`);
      return undefined;
    };
    return until(`job ${id}: ${what}`, probe, { timeoutMs, everyMs: 50, seen });
  };
}

/** As the API itself would say it, were it there. */
function unreachable(error: Error): Answer<Job> {
  if (error.name !== 'TypeError') throw error;
  return { status: 503, headers: new Headers(), body: { error: String(error.cause) } as unknown as Job };
}

async function request<T>(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const type: Record<string, string> = content === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { ...type, ...headers },
    body: content ?? null,
    dispatcher,
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body: json as T };
}

function expectStatus<T>(status: number, answer: Answer<T>): T {
  if (answer.status !== status) {
    throw new Error(`${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
  }
  return answer.body;
}
