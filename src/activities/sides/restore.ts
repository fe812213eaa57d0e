// A restore: an archive, or what another job has set aside of it, into a target.
import { createRejectsSource } from '../../archive/rejects-source.js';
import { createArchiveSource } from '../../archive/source.js';
import { jobFolder } from '../../core/archive-path.js';
import type { Sink, Source } from '../../core/connector.js';
import { setsAsideRefused } from '../../core/rejects.js';
import type { RestoreSpec } from '../../core/spec.js';
import type { Store } from '../../core/store.js';
import type { JobRef } from '../../core/work.js';
import { withColumns } from '../columns.js';
import type { ActivityDeps } from '../deps.js';
import { dryRun } from '../dry-run.js';
import { patiently } from '../patience.js';
import { picked } from '../picked.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openRestore(deps: ActivityDeps, job: JobRef, spec: RestoreSpec): Sides {
  const { remap = {}, dryRun: isDry = false } = spec.options ?? {};
  const store = storeOf(deps.connections(spec.source.connection));
  const to = deps.connections(spec.sink.connection);
  if (!to.sink) throw unsuitable(to, 'target of a restore');
  const { mode = 'insert', create = false } = spec.sink;
  const { rejectsOf } = spec.source;
  const sink = to.sink({
    job: job.id,
    mode,
    create,
    rejects: setsAsideRefused(spec),
    skipDamaged: spec.options?.skipDamaged ?? false,
    remap,
    beside: {
      store,
      folder: jobFolder(job.id),
      before: rejectsOf === undefined ? null : jobFolder(rejectsOf),
    },
    patiently: (ctx, step) => patiently(ctx, deps.clock, step),
  });
  const source = restoredFrom(store, spec, sink);
  return { limits: to.limits, source, sink: isDry ? dryRun(sink) : sink };
}

/** The records of the archive, or of a range of keys; of a retry of rejects, those that another job has set aside. */
function restoredFrom(store: Store, { source, options }: RestoreSpec, sink: Sink): Source {
  const { archive: path, keys, rejectsOf } = source;
  const pageRecords = sink.pageRecords && ((stream: string) => sink.pageRecords!(stream));
  const onDamage = options?.skipDamaged ? 'skip' : 'fail';
  const pages = createArchiveSource(store, path, { onDamage, pageRecords });
  const archive = withColumns(pages, createArchiveSource(store, path, { onDamage }));
  const records =
    rejectsOf === undefined ? archive : createRejectsSource(archive, store, jobFolder(rejectsOf));
  return keys ? picked(records, keys) : records;
}
