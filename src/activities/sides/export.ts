// An export: a live source or an archive into files.
import { createArchiveSource } from '../../archive/source.js';
import { archivePath, folderName } from '../../core/archive-path.js';
import type { Source } from '../../core/connector.js';
import type { Connection } from '../../core/registry.js';
import type { ExportSpec } from '../../core/spec.js';
import type { JobRef } from '../../core/work.js';
import { createExportSink } from '../../export/sink.js';
import { withColumns } from '../columns.js';
import type { ActivityDeps } from '../deps.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openExport(deps: ActivityDeps, job: JobRef, spec: ExportSpec): Sides {
  const { format, fileBytes = null, compression = 'none' } = spec.options;
  const from = deps.connections(spec.source.connection);
  const { archive } = spec.source;
  const sink = createExportSink(storeOf(deps.connections(spec.sink.connection)), {
    path: archivePath(job.id, spec),
    id: spec.sink.name ?? folderName(job.id),
    jobId: job.id,
    createdAt: job.createdAt,
    as: { format, compression },
    source: { connection: from.name, type: from.type, ...(archive !== undefined && { archive }) },
    fileBytes,
  });
  const plain = sourceOfExport(from, spec);
  const source = format === 'jsonl' ? plain : withColumns(plain);
  return { limits: from.limits, source, sink };
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
