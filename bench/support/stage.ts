// All that the cases need: a Longhaul of its own, a PostgreSQL server with a table, an API that costs next to nothing.
import { rm } from 'node:fs/promises';
import type { LonghaulInstance } from '../../test/support/harness.js';
import type { Job } from '../../src/core/job.js';
import type { BackupSpec, JobSpec } from '../../src/core/spec.js';
import { startLonghaul } from '../../test/support/harness.js';
import { jobHistory } from '../../test/support/job-history.js';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { until } from '../../test/support/until.js';
import { connectionsTo, startPages, type Pages } from './pages.js';
import { cpuSeconds } from './processes.js';

type BackupOptions = NonNullable<BackupSpec['options']>;

/** What a case is told. */
export interface Scale {
  /** Rows and records of a large job. */
  readonly rows: number;
  /** Times that each way is run. */
  readonly rounds: number;
  /** Records of the largest job of the case `growth`. */
  readonly growth: number;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** A job from the POST to its end, and what it used. */
export interface JobRun {
  readonly job: Job;
  readonly ms: number;
  readonly workerCpu: number;
  readonly temporalCpu: number;
  readonly activities: number;
  readonly events: number;
}

/** Starts everything for the length of `use`, and leaves nothing behind. */
export async function onStage<T>(
  { rows }: Pick<Scale, 'rows'>,
  use: (stage: Stage) => Promise<T>,
  { workers = 1 } = {},
): Promise<T> {
  const stage = await openStage(rows, workers);
  try {
    return await use(stage);
  } finally {
    await stage.close();
  }
}

async function openStage(rows: number, workers: number) {
  const postgres = await startPostgres({ shared_buffers: '512MB' });
  const pages = await startPages(rows);
  const target = await postgres.database();
  const databases = {
    main: { type: 'postgres', url: postgres.url },
    target: { type: 'postgres', url: target },
  };
  const longhaul = await startLonghaul({
    connections: { ...databases, ...connectionsTo(pages.url) },
    workers,
  });
  const worker = async (): Promise<number> => (await longhaul.workerPids())[0]!;
  return {
    postgres,
    pages,
    longhaul,
    /** Of the connection `target`: a database that is empty at the start. */
    target,
    /** Runs a job to its end; `pid` is of the worker that does it. Removes the archive that it wrote. */
    run: async (spec: JobSpec, pid?: number) => {
      const ran = await runJob(longhaul, spec, pid ?? (await worker()));
      if (spec.kind === 'backup') await rm(longhaul.archiveOf(ran.job), { recursive: true });
      return ran;
    },
    /** Likewise, and leaves the archive. */
    keep: async (spec: JobSpec, pid?: number) => runJob(longhaul, spec, pid ?? (await worker())),
    close: () => closeAll(longhaul, pages, postgres),
  };
}

async function closeAll(longhaul: LonghaulInstance, pages: Pages, postgres: TestPostgres): Promise<void> {
  await longhaul.stop();
  await pages.stop();
  await postgres.close();
}

/** Polls seldom, so that watching costs nothing: the job itself knows when it ended. */
async function runJob(longhaul: LonghaulInstance, spec: JobSpec, worker: number): Promise<JobRun> {
  const { temporal, pids } = longhaul;
  const cpu = () => Promise.all([cpuSeconds(worker), cpuSeconds(pids.temporal)]);
  const before = await cpu();
  const start = Date.now();
  const { id } = await longhaul.post(spec);
  const job = await completed(longhaul, id);
  const after = await cpu();
  const { activities, events } = await jobHistory(temporal, id);
  return {
    job,
    ms: Date.parse(job.endedAt!) - start,
    workerCpu: after[0] - before[0],
    temporalCpu: after[1] - before[1],
    activities,
    events,
  };
}

async function completed(longhaul: LonghaulInstance, id: string): Promise<Job> {
  const look = async (): Promise<Job | false> => {
    const job = await longhaul.show(id);
    if (job.state === 'failed') throw new Error(JSON.stringify(job.error));
    return job.state === 'completed' && job;
  };
  return until(`job ${id} completes`, look, { timeoutMs: 3_600_000, everyMs: 250 });
}

/** What a comparison shows of a job beside its time. */
export function tookOf({ ms, workerCpu, temporalCpu, activities, events }: JobRun) {
  return {
    ms,
    more: {
      'CPU s': workerCpu + temporalCpu,
      'worker CPU s': workerCpu,
      'Temporal CPU s': temporalCpu,
      activities,
      events,
    },
  };
}

/** What a restore or a verify reads: the archive that a backup wrote. */
export function archivedBy({ job }: JobRun): { connection: string; archive: string } {
  const [connection = '', ...path] = job.archive!.split('/');
  return { connection, archive: path.join('/') };
}

export function backupOf(
  connection: string,
  streams: readonly string[],
  options: BackupOptions = {},
): JobSpec {
  return {
    kind: 'backup',
    source: { connection, streams: [...streams] },
    sink: { connection: 'vault' },
    options,
  };
}
