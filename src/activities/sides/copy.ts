// A copy: objects of one connection into another, with no archive in between.
import { jobFolder } from '../../core/archive-path.js';
import { setsAsideRefused } from '../../core/rejects.js';
import type { CopySpec } from '../../core/spec.js';
import type { JobRef } from '../../core/work.js';
import type { ActivityDeps } from '../deps.js';
import { patiently } from '../patience.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openCopy(deps: ActivityDeps, job: JobRef, spec: CopySpec): Sides {
  const from = deps.connections(spec.source.connection);
  const to = deps.connections(spec.sink.connection);
  if (!from.copyFrom) throw unsuitable(from, 'source of a copy');
  if (!to.copyFrom) throw unsuitable(to, 'target of a copy');
  const { pageSize } = spec.options ?? {};
  const ends = to.copyFrom(from, pageSize === undefined ? {} : { pageSize }, {
    job: job.id,
    mode: spec.sink.mode ?? 'insert',
    create: false,
    rejects: setsAsideRefused(spec),
    remap: {},
    beside: { store: storeOf(to), folder: jobFolder(job.id), before: null },
    patiently: (ctx, step) => patiently(ctx, deps.clock, step),
  });
  return { limits: from.limits, ...ends };
}
