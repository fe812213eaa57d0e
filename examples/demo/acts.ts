// The jobs of the demo: a backup whose worker is killed on the way, a verify of what it wrote, a restore and an export of it.
import type { Client } from '../../src/cli/client.js';
import { count, counted, duration, secondsBetween } from '../../src/cli/format.js';
import type { Io } from '../../src/cli/io.js';
import { createView, type View } from '../../src/cli/progress.js';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { type Killed, killRunningWorker, type Recovery, watchRecovery } from './kill.js';
import type { Narrator } from './narrator.js';
import type { TemporalView } from './temporal.js';

export interface Acting {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly tell: Narrator;
  readonly client: Client;
  readonly temporal: TemporalView;
  readonly dataDir: string;
  /** How many records the source holds. */
  readonly records: number;
}

export interface BackedUp {
  readonly job: Job;
  readonly killed: Killed;
  readonly recovery: Recovery;
}

export const LANES = 2;
/** So few that the kill costs little: pages between checkpoints are read again. */
export const CHECKPOINT_PAGES = 4;

const BACKUP: JobSpec = {
  kind: 'backup',
  source: { connection: 'sample' },
  sink: { connection: 'vault', prefix: 'demo' },
  options: { lanes: LANES, checkpoint: { pages: CHECKPOINT_PAGES } },
};

export async function backUp(acting: Acting): Promise<BackedUp> {
  acting.tell.step('Back it up, and kill the worker with SIGKILL on the way');
  const { id } = await acting.client.start(BACKUP);
  acting.tell.fact(`job ${id}`);
  const both = new AbortController();
  const signal = AbortSignal.any([acting.signal, both.signal]);
  const view = await createView(acting.io);
  try {
    const [job, disruption] = await Promise.all([
      toEnd({ ...acting, signal }, id, view),
      disrupt({ ...acting, signal }, id, view),
    ]);
    return { job, ...disruption };
  } finally {
    both.abort();
    view.stop();
  }
}

export async function verify(acting: Acting, backup: Job): Promise<void> {
  acting.tell.step('Verify the archive: every hash, count and link of it');
  const source = { connection: 'vault', archive: archiveOf(backup) };
  const { id } = await acting.client.start({ kind: 'verify', source });
  const view = await createView(acting.io);
  const job = await toEnd(acting, id, view).finally(() => view.stop());
  const { result, startedAt, endedAt } = job;
  if (result?.findingsTotal) throw new Error(`the verify job found ${result.findingsTotal} objects wrong`);
  const took = startedAt && endedAt ? duration(secondsBetween(startedAt, endedAt)) : '';
  acting.tell.fact(
    `${counted(result?.segments ?? 0, 'segment')} as the manifest says, none missing, none surplus; ${took}`,
  );
}

/** Into tables that it makes. */
export async function restore(acting: Acting, backup: Job): Promise<Job> {
  acting.tell.step('Restore the archive into an empty PostgreSQL');
  return runWhole(acting, {
    kind: 'restore',
    source: { connection: 'vault', archive: archiveOf(backup) },
    sink: { connection: 'main', create: true },
  });
}

/** The API is not asked again for it. */
export async function exportParquet(acting: Acting, backup: Job): Promise<Job> {
  acting.tell.step('Export the archive to Parquet, and compare it with the tables');
  return runWhole(acting, {
    kind: 'export',
    source: { connection: 'vault', archive: archiveOf(backup) },
    sink: { connection: 'vault', prefix: 'exports' },
    options: { format: 'parquet' },
  });
}

async function runWhole(acting: Acting, spec: JobSpec): Promise<Job> {
  const { id } = await acting.client.start(spec);
  acting.tell.fact(`job ${id}`);
  const view = await createView(acting.io);
  return toEnd(acting, id, view).finally(() => view.stop());
}

function archiveOf({ archive }: Job): string {
  return archive?.slice('vault/'.length) ?? '';
}

async function toEnd({ client, signal }: Acting, id: string, view: View): Promise<Job> {
  const onGap = () => view.note('     the API does not answer; trying again');
  for await (const { event, job } of client.events(id, { signal, onGap })) {
    view.update(job);
    if (event === 'done') return completed(job);
  }
  throw new Error(`stopped while job ${id} was running`);
}

function completed(job: Job): Job {
  if (job.state === 'completed') return job;
  throw new Error(`job ${job.id} ${job.state}: ${job.error?.code ?? ''} ${job.error?.message ?? ''}`);
}

async function disrupt(acting: Acting, jobId: string, view: View) {
  const scene = { ...acting, jobId, totalRecords: acting.records };
  const killed = await killRunningWorker(scene);
  const share = Math.round((killed.records / acting.records) * 100);
  view.note(
    `     worker ${killed.pid} killed at ${count(killed.records)} records (${share} %) while it ran ${counted(killed.chunks, 'chunk')}`,
  );
  const recovery = await watchRecovery(scene, killed);
  view.note(
    `     worker ${recovery.newPid} started after ${duration(recovery.restartSeconds)}, first new record after ${duration(recovery.progressSeconds)}`,
  );
  return { killed, recovery };
}
