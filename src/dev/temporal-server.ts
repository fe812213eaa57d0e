// Runs the Temporal development server as temporal-dev.yml declares it.
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { LonghaulError } from '../core/errors.js';
import { describeExit, startChild } from './child.js';
import type { Child, ChildOptions } from './child.js';
import type { TemporalDeclaration } from './declaration.js';
import { leash } from './leash.js';
import { answers } from './ports.js';
import { ensureNamespace } from './registration.js';

export interface TemporalOptions {
  /** Path of the Temporal CLI. */
  readonly cli: string;
  readonly declaration: TemporalDeclaration;
  readonly port: number;
  /** `null`: no Web UI. */
  readonly uiPort: number | null;
  /** The database file; `null` keeps everything in memory. */
  readonly database: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly output: ChildOptions['output'];
  /** Told of every process as it is started, before it answers. */
  readonly onSpawn?: (child: Child) => Promise<void>;
}

const ANSWERS_WITHIN_MS = 60_000;
/** A file that its last server was killed over stays locked for up to a second. */
const LOCKED = /database is locked|SQLITE_BUSY/;
const LOCKED_PAUSE_MS = 300;
const LOCKED_TRIES = 30;

/** Resolves once the server answers and its namespace is ready. @throws LonghaulError `start_failed` */
export async function startTemporal(options: TemporalOptions): Promise<Child> {
  for (let tries = 1; ; tries++) {
    const child = await spawnServer(options);
    if (await untilReady(child, options)) return child;
    if (!LOCKED.test(child.tail()) || tries === LOCKED_TRIES) {
      throw new LonghaulError(
        'start_failed',
        `Temporal ${describeExit(await child.exited)}:\n${child.tail()}`,
      );
    }
    await delay(LOCKED_PAUSE_MS);
  }
}

async function spawnServer(options: TemporalOptions): Promise<Child> {
  const child = await startChild({
    name: 'temporal',
    command: options.cli,
    args: serverArguments(options),
    env: withoutTemporal(options.env),
    ipc: false,
    output: options.output,
  });
  void child.exited.then(leash(child.pid));
  await options.onSpawn?.(child);
  return child;
}

function serverArguments({ declaration, port, uiPort, database }: TemporalOptions): string[] {
  const { host, searchAttributes, dynamicConfig } = declaration;
  const base = ['server', 'start-dev', '--log-level', 'warn', '--ip', host, '--port', String(port)];
  return [
    ...base,
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(database === null ? [] : ['--db-filename', database]),
    ...flags('--search-attribute', Object.entries(searchAttributes)),
    ...flags(
      '--dynamic-config-value',
      Object.entries(dynamicConfig).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
  ];
}

function flags(name: string, pairs: readonly (readonly string[])[]): string[] {
  return pairs.flatMap(([key, value]) => [name, `${key}=${value}`]);
}

/** The CLI, too, takes addresses and namespaces from the environment. */
export function withoutTemporal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/** False: it ended, by itself or because it did not answer in time. */
async function untilReady(child: Child, { declaration, port }: TemporalOptions): Promise<boolean> {
  const { host } = declaration;
  const deadline = performance.now() + ANSWERS_WITHIN_MS;
  while (child.isRunning()) {
    if ((await answers(host, port)) && (await prepare(`${host}:${port}`, declaration))) return true;
    if (performance.now() > deadline) await child.stop(0);
    await delay(25);
  }
  return false;
}

/** False while the server is not up to it yet. */
async function prepare(address: string, declaration: TemporalDeclaration): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '5s' });
    try {
      await ensureNamespace(connection, declaration);
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
