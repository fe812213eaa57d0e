// How each process of a local Longhaul is started, and when it counts as ready.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LonghaulError } from '../core/errors.js';
import { describeExit, startChild } from './child.js';
import type { Child, ChildOptions } from './child.js';
import { leash } from './leash.js';
import { answers } from './ports.js';
import { packageRoot } from './root.js';
import type { ServiceOptions } from './service.js';
import { withoutTemporal } from './temporal-server.js';

type Start = ServiceOptions['start'];
type Output = ChildOptions['output'];

/** Where the processes find each other, all on loopback. */
export interface Addresses {
  readonly host: string;
  readonly namespace: string;
  readonly temporalPort: number;
  readonly uiPort: number;
  readonly apiPort: number;
}

export interface Surroundings {
  readonly addresses: Addresses;
  /** Absolute path of longhaul.config.yml. */
  readonly config: string;
  readonly dataDir: string;
}

const READY_WITHIN_MS = 60_000;

export function apiUrl({ host, apiPort }: Addresses): string {
  return `http://${host}:${apiPort}`;
}

export function webUiUrl({ host, uiPort }: Addresses): string {
  return `http://${host}:${uiPort}`;
}

export function temporalAddress({ host, temporalPort }: Addresses): string {
  return `${host}:${temporalPort}`;
}

export function startApi(around: Surroundings, output: Output): Start {
  const { addresses, config } = around;
  const place = ['--port', String(addresses.apiPort), '--web-ui', webUiUrl(addresses)];
  return starting({
    ...longhaul('api', ['api', '--config', config, ...place], around, output),
    whenReady: (_, signal) => until(() => isHealthy(apiUrl(addresses)), signal),
  });
}

export function startWorker(name: string, around: Surroundings, output: Output): Start {
  return starting({
    ...longhaul(name, ['worker', '--config', around.config], around, output),
    whenReady: (child) => child.saidReady,
  });
}

export function startSampleApi(host: string, port: number, output: Output): Start {
  const script = join(packageRoot(), 'dist', 'examples', 'sample-api', 'main.js');
  return starting({
    name: 'sample-api',
    command: process.execPath,
    args: [script, '--port', String(port)],
    env: process.env,
    ipc: false,
    output,
    whenReady: (_, signal) => until(() => answers(host, port), signal),
  });
}

interface Recipe extends ChildOptions {
  readonly whenReady: (child: Child, signal: AbortSignal) => Promise<void>;
}

/** The `longhaul` command as a child. */
function longhaul(name: string, args: readonly string[], around: Surroundings, output: Output): ChildOptions {
  const bin = join(packageRoot(), 'bin', 'longhaul.mjs');
  const env = childEnvironment(around);
  return { name, command: process.execPath, args: [bin, ...args], env, ipc: true, output };
}

function starting(recipe: Recipe): Start {
  return async (onSpawn) => {
    const child = await startChild(recipe);
    if (!recipe.ipc) void child.exited.then(leash(child.pid));
    await onSpawn(child);
    return ready(child, recipe.whenReady);
  };
}

/** The children talk to the server that was started for them, whatever cluster the user's environment or profile names. */
function childEnvironment({ addresses, dataDir }: Surroundings): NodeJS.ProcessEnv {
  return {
    ...withoutTemporal(process.env),
    TEMPORAL_ADDRESS: temporalAddress(addresses),
    TEMPORAL_NAMESPACE: addresses.namespace,
    TEMPORAL_CONFIG_FILE: join(dataDir, 'no-profile.toml'), // a file that is not there: no profile
    // The launcher was built before it started; a child must not build again under its feet.
    LONGHAUL_BUILT: '1',
    // One port cannot be that of several workers: each takes a free one and says so in its log.
    LONGHAUL_METRICS_PORT: undefined,
    LONGHAUL_TEMPORAL_METRICS_PORT: undefined,
  };
}

/** Resolves when the child is ready; ends it and rejects where that does not come about. */
async function ready(child: Child, whenReady: Recipe['whenReady']): Promise<Child> {
  const over = new AbortController();
  const late = delay(READY_WITHIN_MS, 'late' as const, { signal: over.signal });
  const isReady = whenReady(child, over.signal).then(() => 'ready' as const);
  const outcome = await Promise.race([isReady, child.exited, late]);
  over.abort();
  if (outcome === 'ready') return child;
  if (outcome === 'late') await child.stop(0);
  const how = outcome === 'late' ? `was not ready within ${READY_WITHIN_MS / 1000} s` : describeExit(outcome);
  throw new LonghaulError('start_failed', `${child.name} ${how}:\n${child.tail()}`);
}

async function isHealthy(api: string): Promise<boolean> {
  const response = await fetch(`${api}/healthz`).catch(() => null);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

async function until(condition: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await condition())) await delay(50, undefined, { signal });
}
