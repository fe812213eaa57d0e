// Backs up and restores objects in this process, by the engine's own plan and chunk.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { CheckpointPolicy } from '../../src/activities/flush-policy.js';
import type { SealSummary, Source } from '../../src/core/connector.js';
import type { Connection, SinkOptions } from '../../src/core/registry.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { Store } from '../../src/core/store.js';
import { ARCHIVE, storeIn } from './archives.js';
import { runWhole } from './restoring.js';

export interface ObjectArchive {
  readonly store: Store;
  /** Where its files lie. */
  readonly folder: string;
  readonly summary: SealSummary;
  source(): Source;
  dispose(): Promise<void>;
}

export async function archiveObjects(
  from: Connection | Source,
  options: {
    compression?: 'zstd' | 'gzip' | 'none';
    pageSize?: number;
    policy?: Partial<CheckpointPolicy>;
  } = {},
): Promise<ObjectArchive> {
  const root = await mkdtemp(path.join(tmpdir(), 'objects-'));
  const store = storeIn(root);
  const { compression = 'zstd', pageSize = 100, policy } = options;
  const sink = createArchiveSink(store, {
    path: ARCHIVE,
    archiveId: 'a-1',
    jobId: 'backup-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    compression,
    source: { connection: 'disk', type: 'file' },
    segmentBytes: 4_194_304,
  });
  const source = 'type' in from ? from.source!({ pageSize }) : from;
  const summary = await runWhole({ source, sink, limits: {} }, BACKUP, policy);
  return {
    store,
    folder: path.join(root, ARCHIVE),
    summary,
    source: () => createArchiveSource(store, ARCHIVE, { onDamage: 'fail' }),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

export async function restoreObjects(
  archive: Pick<ObjectArchive, 'store' | 'source'>,
  to: Connection,
  { policy, ...options }: Partial<SinkOptions> & { policy?: Partial<CheckpointPolicy> } = {},
): Promise<SealSummary> {
  const { skipDamaged } = options;
  const sink = to.sink!(sinkOptions(archive.store, options));
  const log = createRejectsLog(archive.store, '.jobs/restore-1');
  const source = skipDamaged
    ? createArchiveSource(archive.store, ARCHIVE, { onDamage: 'skip' })
    : archive.source();
  return runWhole(
    { source, sink, limits: {} },
    RESTORE,
    policy,
    skipDamaged ? { log, allowed: Infinity } : null,
  );
}

export function sinkOptions(store: Store, options: Partial<SinkOptions> = {}): SinkOptions {
  return {
    job: 'restore-1',
    mode: 'insert',
    create: false,
    rejects: false,
    remap: {},
    beside: { store, folder: '.jobs/restore-1', before: null },
    patiently: (_ctx, step) => step(),
    ...options,
  };
}

const BACKUP: JobSpec = { kind: 'backup', source: { connection: 'disk' }, sink: { connection: 'vault' } };
const RESTORE: JobSpec = {
  kind: 'restore',
  source: { connection: 'vault', archive: ARCHIVE },
  sink: { connection: 'disk' },
};
