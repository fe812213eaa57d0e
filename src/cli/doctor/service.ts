// What `longhaul doctor` sees of the service: Temporal, its clock, workers, the API, and each connection from a worker.
import { Client, Connection } from '@temporalio/client';
import { checkConnection } from '../../api/checks.js';
import { newCheckId } from '../../api/ids.js';
import { named } from '../../api/problems.js';
import { readQueue } from '../../api/queue.js';
import { assertReady } from '../../api/ready.js';
import { publicConnections } from '../../config/public.js';
import type { Config } from '../../config/schema.js';
import { temporalTarget, type TemporalTarget } from '../../config/temporal.js';
import { WORKFLOWS } from '../../core/names.js';
import type { Address } from '../address.js';
import { counted } from '../format.js';
import { failed, failedBy, ok, warning, type Finding } from './finding.js';
import { lookAtClock } from './machine.js';

type Now = () => number;

const CONNECT_TIMEOUT = '5s';

/** Where the environment says, or a running `longhaul dev`. */
export function whereTemporalIs(
  env: Readonly<Record<string, string | undefined>>,
  dev: { readonly temporal: string } | null,
): TemporalTarget {
  const target = temporalTarget(env);
  if (!dev || env['TEMPORAL_ADDRESS'] || env['TEMPORAL_PROFILE']) return target;
  const connectionOptions = { ...target.connectionOptions, address: dev.temporal };
  return { ...target, connectionOptions, description: `${dev.temporal}, of \`longhaul dev\`` };
}

/** All that hangs on Temporal: one line where it cannot be reached. */
export async function lookAtTemporal(
  target: TemporalTarget,
  config: Config | null,
  now: Now,
): Promise<Finding[]> {
  const connection = await Connection.connect({
    ...target.connectionOptions,
    connectTimeout: CONNECT_TIMEOUT,
  }).catch(() => null);
  if (!connection) {
    const hint = 'Start it (`npm start`), or point TEMPORAL_ADDRESS or TEMPORAL_PROFILE at it.';
    return [failed('temporal', `does not answer at ${target.description}`, hint)];
  }
  try {
    const client = new Client({ connection, namespace: target.namespace });
    const first = await lookAtSetup(client, target);
    return first.state === 'ok' ? [first, ...(await lookAtWork(client, config, now))] : [first];
  } finally {
    await connection.close();
  }
}

async function lookAtSetup(client: Client, { description }: TemporalTarget): Promise<Finding> {
  try {
    const { serverVersion } = await client.connection.workflowService.getSystemInfo({});
    await assertReady(client);
    return ok('temporal', `${serverVersion} at ${description}, set up for jobs`);
  } catch (error) {
    return failedBy('temporal', named(error) ?? error);
  }
}

async function lookAtWork(client: Client, config: Config | null, now: Now): Promise<Finding[]> {
  const clock = await clockOf(client, now).catch((error: unknown) => failedBy('clock of Temporal', error));
  const { workers } = await readQueue(client);
  if (workers.length === 0) {
    return [clock, failed('workers', 'none has asked for work', 'Start one with `longhaul worker`.')];
  }
  const found = [clock, ok('workers', `${counted(workers.length, 'worker')} polled within five minutes`)];
  for (const name of Object.keys(config?.connections ?? {})) {
    found.push(await lookAtConnection(client, config!, name, now));
  }
  return found;
}

/** Temporal tells its time only of what it was given: a workflow on a queue that nobody serves, ended at once. */
async function clockOf(client: Client, now: Now): Promise<Finding> {
  const before = now();
  const handle = await client.workflow.start(WORKFLOWS.checkConnection, {
    workflowId: newCheckId('doctor', before),
    taskQueue: 'longhaul-doctor',
    args: [{ connection: 'doctor' }],
    staticSummary: 'what time is it?',
  });
  const { startTime } = await handle.describe();
  const after = now();
  await handle.terminate('the time was told');
  const middle = (before + after) / 2;
  return lookAtClock('clock of Temporal', startTime.getTime(), middle, (after - before) / 2);
}

async function lookAtConnection(client: Client, config: Config, name: string, now: Now): Promise<Finding> {
  const what = `connection ${name}`;
  const connections = publicConnections(config);
  try {
    const check = await checkConnection({ client, connections, clock: now, soon: (work) => work() }, name);
    if (check.ok) return ok(what, check.detail);
    return failed(what, check.error?.message ?? check.detail, check.error?.hint ?? '');
  } catch (error) {
    return failedBy(what, named(error) ?? error);
  }
}

/** Commands and the dashboard need it, jobs do not. */
export async function lookAtApi({ url, from }: Address, now: Now): Promise<Finding[]> {
  const before = now();
  const answer = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(5_000) }).catch(
    () => null,
  );
  if (!answer?.ok) {
    const hint = 'Start it (`npm start` or `longhaul api`), or say where it is with --api or LONGHAUL_API.';
    return [warning('api', `does not answer at ${url} (from ${from})`, hint)];
  }
  const date = Date.parse(answer.headers.get('date') ?? '');
  const clock = Number.isNaN(date)
    ? []
    : [lookAtClock('clock of the API', date, before, 1_000 + now() - before)];
  return [ok('api', `answers at ${url}`), ...clock];
}
