// Has a worker remove an archive: the web tier writes no store.
import { createHash } from 'node:crypto';
import { isGrpcDeadlineError, type Client } from '@temporalio/client';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import { guess } from '../core/nearest.js';
import type { Job } from '../core/job.js';
import { BY_WORKERS, JOB_WORKFLOWS, WORKFLOWS } from '../core/names.js';
import { toJob } from '../core/view.js';
import type { Removal, RemovalInput } from '../core/work.js';
import { listedFactsOf, type FactsDeps } from './facts.js';
import type { Soon } from './soon.js';

/** Longest wait for it to be done; it goes on without anybody waiting. */
const PATIENCE_MS = 15_000;

export interface RemovalDeps extends FactsDeps {
  readonly client: Client;
  readonly connections: readonly PublicConnection[];
  readonly soon: Soon;
}

/**
 * Whether it is gone by now; else it is being removed, and the same call waits for it again. Throws `archive_missing`,
 * `connection_unknown`, `archive_needed`, and what the store throws.
 */
export async function removeArchive(deps: RemovalDeps, what: RemovalInput): Promise<boolean> {
  const { client, connections, clock, soon } = deps;
  const stores = connections.filter(({ roles }) => roles.includes('sink')).map(({ name }) => name);
  if (!stores.includes(what.connection)) {
    const message = `There is no connection of that name that holds archives.${guess(what.connection, stores)}`;
    throw new LonghaulError('connection_unknown', message);
  }
  await soon(() => expectUnused(deps, what));
  const handle = await soon(() =>
    client.workflow.start(WORKFLOWS.removeArchive, {
      workflowId: idOf(what),
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...BY_WORKERS,
      args: [what],
      staticSummary: `remove ${what.connection}/${what.path}`,
    }),
  );
  try {
    const { error } = await client.withDeadline(
      clock() + PATIENCE_MS,
      () => handle.result() as Promise<Removal>,
    );
    if (error === null) return true;
    const { code, message, hint } = error;
    throw new LonghaulError(code, message, { hint });
  } catch (error) {
    if (isGrpcDeadlineError(error)) return false;
    throw error;
  }
}

/** Two that ask for the same are one. */
function idOf({ connection, path }: RemovalInput): string {
  return `remove-${createHash('sha256').update(`${connection}/${path}`).digest('hex').slice(0, 32)}`;
}

async function expectUnused(deps: RemovalDeps, { connection, path }: RemovalInput): Promise<void> {
  const types = JOB_WORKFLOWS.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType IN (${types}) AND ExecutionStatus = 'Running'`;
  for await (const run of deps.client.workflow.list({ query })) {
    const job = toJob(listedFactsOf(deps, run));
    if (!placesOf(job).includes(`${connection}/${path}`)) continue;
    throw new LonghaulError('archive_needed', `${path} cannot be removed: job ${job.id} uses it.`);
  }
}

function placesOf({ archive, source, options }: Job): (string | null)[] {
  const read = 'archive' in source && source.archive ? `${source.connection}/${source.archive}` : null;
  const against = 'against' in options ? options.against : undefined;
  return [archive, read, against?.archive ? `${against.connection}/${against.archive}` : null];
}
