// What a job of each kind reads and writes: the only place where kinds differ in the worker.
import { createArchiveSink } from '../archive/sink.js';
import { createArchiveSource } from '../archive/source.js';
import { createAuditSink } from '../archive/audit.js';
import { createRejectsSource } from '../archive/rejects-source.js';
import { createPair } from '../compare/pair.js';
import { createCompareSink } from '../compare/sink.js';
import { archivePath, jobFolder, storeConnection } from '../core/archive-path.js';
import type { Sink, Source } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { createExportSink } from '../export/sink.js';
import type { Connection } from '../core/registry.js';
import { setsAsideRefused } from '../core/rejects.js';
import type { BackupSpec, ExportSpec, RestoreSpec, VerifySpec } from '../core/spec.js';
import type { Store } from '../core/store.js';
import type { JobRef } from '../core/work.js';
import { withColumns } from './columns.js';
import type { ActivityDeps } from './deps.js';
import { dryRun } from './dry-run.js';
import { patient } from './patience.js';
import { picked } from './picked.js';
import { withinWindow } from './window.js';

export interface OpenJob {
  readonly source: Source;
  readonly sink: Sink;
  /** Where the job keeps what it sets aside, beside archives. */
  readonly folder: JobFolder;
  /** Those that hold for the job: of the connection that is read, or that a restore writes to. */
  readonly limits: Connection['limits'];
}

export interface JobFolder {
  readonly store: Store;
  readonly path: string;
}

/** What kinds differ in. */
export type Sides = Omit<OpenJob, 'folder'>;

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
  const source = withinWindow(sides.source, sides.limits.window, deps.clock);
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
  }
}

function openBackup(deps: ActivityDeps, job: JobRef, spec: BackupSpec): Sides {
  const from = deps.connections(spec.source.connection);
  if (!from.source) throw unsuitable(from, 'source of a backup');
  const { pageSize, compression = 'zstd' } = spec.options ?? {};
  const path = archivePath(job.id, spec);
  const sink = createArchiveSink(storeOf(deps.connections(spec.sink.connection)), {
    path,
    archiveId: spec.sink.archive ?? job.id,
    jobId: job.id,
    createdAt: job.createdAt,
    compression,
    source: { connection: from.name, type: from.type },
  });
  const source = patient(from.source(pageSize === undefined ? {} : { pageSize }), deps.clock);
  return { limits: from.limits, sink, source };
}

function openVerify(deps: ActivityDeps, job: JobRef, spec: VerifySpec): Sides {
  const { against } = spec.options ?? {};
  if (against) return openComparison(deps, job, spec, against);
  const from = deps.connections(spec.source.connection);
  const path = archivePath(job.id, spec);
  const source = createArchiveSource(storeOf(from), path, { onDamage: 'report' });
  const sink = createAuditSink(storeOf(from), path);
  return { limits: from.limits, source: patient(source, deps.clock), sink };
}

function openComparison(deps: ActivityDeps, job: JobRef, spec: VerifySpec, against: Against): Sides {
  const from = deps.connections(spec.source.connection);
  const to = deps.connections(against.connection);
  const there = against.archive === undefined ? liveSource(to) : archiveAt(to, against.archive);
  const source = createPair(archiveAt(from, archivePath(job.id, spec)), there);
  const sink = createCompareSink(storeOf(from), {
    folder: jobFolder(job.id),
    job: job.id,
    createdAt: job.createdAt,
    source: { connection: to.name, type: to.type },
  });
  return { limits: to.limits, source: patient(source, deps.clock), sink };
}

type Against = NonNullable<NonNullable<VerifySpec['options']>['against']>;

function archiveAt(connection: Connection, path: string): Source {
  return createArchiveSource(storeOf(connection), path, { onDamage: 'fail' });
}

function liveSource(connection: Connection): Source {
  if (!connection.source) throw unsuitable(connection, 'source that an archive is compared with');
  return connection.source({});
}

function openRestore(deps: ActivityDeps, job: JobRef, spec: RestoreSpec): Sides {
  const { remap = {}, dryRun: isDry = false } = spec.options ?? {};
  const store = storeOf(deps.connections(spec.source.connection));
  const source = restoredFrom(store, spec);
  const to = deps.connections(spec.sink.connection);
  if (!to.sink) throw unsuitable(to, 'target of a restore');
  const { mode = 'insert', create = false } = spec.sink;
  const sink = to.sink({
    job: job.id,
    mode,
    create,
    rejects: setsAsideRefused(spec),
    remap,
    beside: { store, folder: jobFolder(job.id) },
  });
  return { limits: to.limits, source: patient(source, deps.clock), sink: isDry ? dryRun(sink) : sink };
}

/** The records of the archive, or of a range of keys; of a retry of rejects, those that another job has set aside. */
function restoredFrom(store: Store, { source, options }: RestoreSpec): Source {
  const { archive: path, keys, rejectsOf } = source;
  const onDamage = options?.skipDamaged ? 'skip' : 'fail';
  const archive = withColumns(createArchiveSource(store, path, { onDamage }));
  const records =
    rejectsOf === undefined ? archive : createRejectsSource(archive, store, jobFolder(rejectsOf));
  return keys ? picked(records, keys) : records;
}

function openExport(deps: ActivityDeps, job: JobRef, spec: ExportSpec): Sides {
  const { format, fileBytes = null } = spec.options;
  const from = deps.connections(spec.source.connection);
  const { archive } = spec.source;
  const sink = createExportSink(storeOf(deps.connections(spec.sink.connection)), {
    path: archivePath(job.id, spec),
    id: spec.sink.name ?? job.id,
    jobId: job.id,
    createdAt: job.createdAt,
    // Parquet compresses within.
    as: { format, compression: format === 'parquet' ? 'none' : (spec.options.compression ?? 'none') },
    source: { connection: from.name, type: from.type, ...(archive !== undefined && { archive }) },
    fileBytes,
  });
  const plain = sourceOfExport(from, spec);
  const source = format === 'jsonl' ? plain : withColumns(plain);
  return { limits: from.limits, source: patient(source, deps.clock), sink };
}

/** The archive where one is named: what it was made of is not asked then. */
function sourceOfExport(from: Connection, { source, options }: ExportSpec): Source {
  const { pageSize, skipDamaged } = options;
  if (source.archive !== undefined) {
    return createArchiveSource(storeOf(from), source.archive, { onDamage: skipDamaged ? 'skip' : 'fail' });
  }
  if (!from.source) throw unsuitable(from, 'source of an export');
  return from.source(pageSize === undefined ? {} : { pageSize });
}

function storeOf(connection: Connection): Store {
  if (!connection.store) throw unsuitable(connection, 'place of an archive');
  return connection.store();
}

function unsuitable({ name, type }: Connection, role: string): LonghaulError {
  return new LonghaulError('connection_unsuitable', `Connection ${name} (${type}) cannot be the ${role}.`);
}
