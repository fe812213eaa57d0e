// A verify: an archive into what is found wrong with it; or two places into what differs between them.
import { createAuditSink } from '../../archive/audit.js';
import type { Sample } from '../../archive/sample.js';
import { createArchiveSource } from '../../archive/source.js';
import { createPair } from '../../compare/pair.js';
import { createCompareSink } from '../../compare/sink.js';
import { archivePath, jobFolder } from '../../core/archive-path.js';
import type { Source } from '../../core/connector.js';
import type { Connection } from '../../core/registry.js';
import { shareOf } from '../../core/sample.js';
import type { VerifySpec } from '../../core/spec.js';
import type { JobRef } from '../../core/work.js';
import type { ActivityDeps } from '../deps.js';
import { storeOf, unsuitable, type Sides } from './places.js';

export function openVerify(deps: ActivityDeps, job: JobRef, spec: VerifySpec): Sides {
  const { against } = spec.options ?? {};
  if (against) return openComparison(deps, job, spec, against);
  const from = deps.connections(spec.source.connection);
  const path = archivePath(job.id, spec);
  const sample = sampleOf(job, spec);
  const source = createArchiveSource(storeOf(from), path, { onDamage: 'report', sample });
  const sink = createAuditSink(storeOf(from), path, { streams: spec.source.streams, sample });
  return { limits: from.limits, source, sink };
}

/** undefined: every segment is read. */
function sampleOf({ id }: JobRef, { options: { sample: asked } = {} }: VerifySpec): Sample | undefined {
  const share = shareOf(asked);
  return asked === undefined || share === null ? undefined : { job: id, asked, share };
}

type Against = NonNullable<NonNullable<VerifySpec['options']>['against']>;

function openComparison(deps: ActivityDeps, job: JobRef, spec: VerifySpec, against: Against): Sides {
  const from = deps.connections(spec.source.connection);
  const to = deps.connections(against.connection);
  const there = against.archive === undefined ? liveSource(to) : archiveAt(to, against.archive);
  const source = createPair(archiveAt(from, archivePath(job.id, spec)), there);
  const sink = createCompareSink(storeOf(from), { folder: jobFolder(job.id), job: job.id });
  return { limits: to.limits, source, sink };
}

function archiveAt(connection: Connection, path: string): Source {
  return createArchiveSource(storeOf(connection), path, { onDamage: 'fail' });
}

function liveSource(connection: Connection): Source {
  if (!connection.source) throw unsuitable(connection, 'source that an archive is compared with');
  return connection.source({});
}
