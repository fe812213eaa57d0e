// A backup: a live source into an archive.
import { openBase, type Base } from '../../archive/base.js';
import { createArchiveSink } from '../../archive/sink.js';
import { archivePath, folderName } from '../../core/archive-path.js';
import type { Source } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Connection } from '../../core/registry.js';
import type { BackupSpec } from '../../core/spec.js';
import type { Store } from '../../core/store.js';
import type { JobRef } from '../../core/work.js';
import type { ActivityDeps } from '../deps.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openBackup(deps: ActivityDeps, job: JobRef, spec: BackupSpec): Sides {
  const from = deps.connections(spec.source.connection);
  if (!from.source) throw unsuitable(from, 'source of a backup');
  const { pageSize, compression = 'zstd' } = spec.options ?? {};
  const path = archivePath(job.id, spec);
  const store = storeOf(deps.connections(spec.sink.connection));
  const base = baseOf(store, from, spec);
  const sink = createArchiveSink(store, {
    path,
    archiveId: spec.sink.archive ?? folderName(job.id),
    jobId: job.id,
    createdAt: job.createdAt,
    compression,
    source: { connection: from.name, type: from.type },
    base,
  });
  const source = from.source({
    ...(pageSize !== undefined && { pageSize }),
    ...(base && { known: base.known }),
  });
  return { limits: from.limits, sink, source: base ? onBase(source, base) : source };
}

function baseOf(store: Store, { name, type }: Connection, { options }: BackupSpec): Base | null {
  return options?.base === undefined ? null : openBase(store, options.base, { connection: name, type });
}

/** Refuses a base that cannot be one before anything else is done. */
function onBase(source: Source, base: Base): Source {
  return {
    ...source,
    async *streams(ctx, names) {
      await base.refs();
      for await (const stream of source.streams(ctx, names)) {
        if (stream.encoding !== 'tar') throw ofRecords(stream.name);
        yield stream;
      }
    },
  };
}

function ofRecords(stream: string): LonghaulError {
  return new LonghaulError(
    'base_unsuitable',
    `Stream ${stream} holds records, and only objects have a base.`,
  );
}
