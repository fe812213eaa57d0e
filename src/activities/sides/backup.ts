// A backup: a live source into an archive.
import { createArchiveSink } from '../../archive/sink.js';
import { archivePath, folderName } from '../../core/archive-path.js';
import type { BackupSpec } from '../../core/spec.js';
import type { JobRef } from '../../core/work.js';
import type { ActivityDeps } from '../deps.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openBackup(deps: ActivityDeps, job: JobRef, spec: BackupSpec): Sides {
  const from = deps.connections(spec.source.connection);
  if (!from.source) throw unsuitable(from, 'source of a backup');
  const { pageSize, compression = 'zstd' } = spec.options ?? {};
  const path = archivePath(job.id, spec);
  const sink = createArchiveSink(storeOf(deps.connections(spec.sink.connection)), {
    path,
    archiveId: spec.sink.archive ?? folderName(job.id),
    jobId: job.id,
    createdAt: job.createdAt,
    compression,
    source: { connection: from.name, type: from.type },
  });
  const source = from.source(pageSize === undefined ? {} : { pageSize });
  return { limits: from.limits, sink, source };
}
