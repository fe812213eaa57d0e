// Asks a worker to try a connection: the API itself holds no connector and no secret.
import { isGrpcDeadlineError, WorkflowFailedError, type Client } from '@temporalio/client';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import { BY_WORKERS, WORKFLOWS } from '../core/names.js';
import { guess } from '../core/nearest.js';
import type { ConnectionCheck } from '../core/work.js';
import { newCheckId } from './ids.js';
import { readQueue } from './queue.js';
import type { Soon } from './soon.js';

/** Longest wait for a worker's answer. */
const PATIENCE_MS = 15_000;

export interface CheckDeps {
  readonly client: Client;
  readonly connections: readonly PublicConnection[];
  readonly clock: () => number;
  readonly soon: Soon;
}

/** Throws `connection_unknown`, and `worker_unavailable` where nobody answers in time. */
export async function checkConnection(deps: CheckDeps, name: string): Promise<ConnectionCheck> {
  const { client, connections, clock, soon } = deps;
  if (!connections.some((connection) => connection.name === name)) throw unknown(name, connections);
  const { workers } = await soon(() => readQueue(client));
  if (workers.length === 0) throw noAnswer('No worker is running.');
  const handle = await soon(() =>
    client.workflow.start(WORKFLOWS.checkConnection, {
      workflowId: newCheckId(name, clock()),
      ...BY_WORKERS,
      args: [{ connection: name }],
      staticSummary: `check ${name}`,
    }),
  );
  try {
    const answer = () => handle.result() as Promise<ConnectionCheck>;
    return await client.withDeadline(clock() + PATIENCE_MS, answer);
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw noAnswer('The worker did not get the check done.', error);
    if (!isGrpcDeadlineError(error)) throw error;
    await soon(() => handle.terminate('nobody waits for the answer any more'));
    throw noAnswer(`No worker answered within ${PATIENCE_MS / 1000} seconds.`, error);
  }
}

function noAnswer(message: string, cause?: unknown): LonghaulError {
  return new LonghaulError('worker_unavailable', message, { cause });
}

function unknown(name: string, connections: readonly PublicConnection[]): LonghaulError {
  const names = connections.map((connection) => connection.name);
  return new LonghaulError('connection_unknown', `There is no connection of that name.${guess(name, names)}`);
}
