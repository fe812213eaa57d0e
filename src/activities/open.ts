// What a job of each kind reads and writes: the only place where kinds differ in the worker.
import { jobFolder, storeConnection } from '../core/archive-path.js';
import type { Store } from '../core/store.js';
import type { JobRef } from '../core/work.js';
import type { ActivityDeps } from './deps.js';
import { patient } from './patience.js';
import { openBackup } from './sides/backup.js';
import { openCopy } from './sides/copy.js';
import { openExport } from './sides/export.js';
import { storeOf, type Sides } from './sides/places.js';
import { openRestore } from './sides/restore.js';
import { openVerify } from './sides/verify.js';
import { withinWindow } from './window.js';

export interface OpenJob extends Sides {
  /** Where the job keeps what it sets aside, beside archives. */
  readonly folder: JobFolder;
}

export interface JobFolder {
  readonly store: Store;
  readonly path: string;
}

/** Opens both sides for the length of `use`. Throws `connection_unknown` and `connection_unsuitable`. */
export async function withJob<T>(
  deps: ActivityDeps,
  job: JobRef,
  use: (open: OpenJob) => Promise<T>,
): Promise<T> {
  const open = openJob(deps, job);
  try {
    return await use(open);
  } finally {
    // What was done is done, however a side fails to let go.
    await Promise.allSettled([open.source.close(), open.sink.close(), open.folder.store.close()]);
  }
}

function openJob(deps: ActivityDeps, job: JobRef): OpenJob {
  const store = storeOf(deps.connections(storeConnection(job.spec)));
  const sides = openSides(deps, job);
  const source = withinWindow(patient(sides.source, deps.clock), sides.limits.window, deps.clock);
  return { ...sides, source, folder: { store, path: jobFolder(job.id) } };
}

function openSides(deps: ActivityDeps, job: JobRef): Sides {
  const { spec } = job;
  switch (spec.kind) {
    case 'backup':
      return openBackup(deps, job, spec);
    case 'verify':
      return openVerify(deps, job, spec);
    case 'restore':
      return openRestore(deps, job, spec);
    case 'export':
      return openExport(deps, job, spec);
    case 'copy':
      return openCopy(deps, job, spec);
  }
}
