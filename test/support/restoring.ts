// Backs up and restores databases in this process, by the engine's own plan and chunk, for tests that need no Temporal.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createChunk, type RejectsPolicy } from '../../src/activities/chunk.js';
import { systemClock } from '../../src/activities/clock.js';
import { DEFAULT_CHECKPOINT, type CheckpointPolicy } from '../../src/activities/flush-policy.js';
import { withColumns } from '../../src/activities/columns.js';
import type { Sides } from '../../src/activities/sides/places.js';
import { planPage } from '../../src/activities/plan.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { readRejects, type LoggedReject } from '../../src/archive/rejects-reader.js';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createArchiveSource } from '../../src/archive/source.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import type { Head, SealSummary, Sink, Source } from '../../src/core/connector.js';
import type { SinkOptions } from '../../src/core/registry.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { Store } from '../../src/core/store.js';
import type { PlanPage } from '../../src/core/work.js';
import { storeIn } from './archives.js';
import { createMemorySource } from './memory-source.js';
import { testContext } from './reading.js';

const ARCHIVE = 'a-1';
const JOB_FOLDER = '.jobs/restore-1';

export interface DatabaseArchive {
  readonly store: Store;
  /** Where its files lie. */
  readonly folder: string;
  /** A source over it, as a restore reads it. */
  source(): Source;
  dispose(): Promise<void>;
}

/** An archive of all tables of a database. */
export async function archiveOf(url: string, pageSize = 500): Promise<DatabaseArchive> {
  return archiveFrom(connection(url).source!({ pageSize }), 'postgres');
}

/** An archive as of a REST API: streams of JSON records, of which only the key is known. */
export async function archiveOfJson(
  records: Readonly<Record<string, readonly string[]>>,
  key: readonly string[] = ['id'],
): Promise<DatabaseArchive> {
  const source = createMemorySource(records, { pageSize: 50 });
  const unknown = async function* (...args: Parameters<Source['streams']>) {
    for await (const stream of source.streams(...args)) yield { ...stream, key, schema: null };
  };
  return archiveFrom({ ...source, streams: unknown }, 'http');
}

async function archiveFrom(from: Source, type: string): Promise<DatabaseArchive> {
  const root = await mkdtemp(path.join(tmpdir(), 'restoring-'));
  const store = storeIn(root);
  const sink = createArchiveSink(store, {
    path: ARCHIVE,
    archiveId: ARCHIVE,
    jobId: 'backup-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    compression: 'zstd',
    source: { connection: 'main', type },
    segmentBytes: 65_536,
  });
  await runWhole({ source: from, sink, limits: {} }, BACKUP);
  return {
    store,
    folder: path.join(root, ARCHIVE),
    source: () => withColumns(createArchiveSource(store, ARCHIVE, { onDamage: 'fail' })),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

export interface RestoreOptions extends Partial<SinkOptions> {
  readonly streams?: readonly string[];
  readonly policy?: Partial<CheckpointPolicy>;
}

export async function restoreInto(
  url: string,
  archive: DatabaseArchive,
  { streams, policy, ...options }: RestoreOptions = {},
): Promise<SealSummary> {
  const log = createRejectsLog(archive.store, JOB_FOLDER);
  return runWhole(
    { source: archive.source(), sink: sinkOn(url, options), limits: {} },
    RESTORE(streams),
    policy,
    options.rejects ? { log, allowed: 1_000_000 } : null,
  );
}

export interface SetAside extends LoggedReject {
  /** The record, without its line end. */
  readonly record: string;
}

/** What restores with `rejects` from this archive have set aside, by stream and record. */
export async function setAside(archive: DatabaseArchive): Promise<SetAside[]> {
  const found: SetAside[] = [];
  for await (const { reject } of readRejects(archive.store, JOB_FOLDER)) {
    const record = Buffer.concat([...(reject.payload?.chunks ?? [])])
      .toString('utf8')
      .trimEnd();
    found.push({ ...reject, record });
  }
  return found.sort((a, b) => (`${a.stream} ${a.record}` < `${b.stream} ${b.record}` ? -1 : 1));
}

export function sinkOn(url: string, options: Partial<SinkOptions> = {}): Sink {
  return connection(url).sink!({
    job: 'restore-1',
    mode: 'insert',
    create: false,
    rejects: false,
    remap: {},
    beside: {
      store: storeIn(path.join(tmpdir(), 'nothing-is-kept-here')),
      folder: JOB_FOLDER,
      before: null,
    },
    patiently: (_ctx, step) => step(),
    ...options,
  });
}

function connection(url: string) {
  return createPostgresConnection('main', { type: 'postgres', url });
}

const BACKUP: JobSpec = { kind: 'backup', source: { connection: 'main' }, sink: { connection: 'vault' } };
const RESTORE = (streams?: readonly string[]): JobSpec => ({
  kind: 'restore',
  source: { connection: 'vault', archive: ARCHIVE, ...(streams && { streams: [...streams] }) },
  sink: { connection: 'main' },
});

/** Plan, chunks one after the other, settle and seal, as the workflow has them done. */
export async function runWhole(
  open: Sides,
  spec: JobSpec,
  policy: Partial<CheckpointPolicy> = {},
  rejects: RejectsPolicy | null = null,
): Promise<SealSummary> {
  const ctx = testContext();
  const heads: Head[] = [];
  let page: PlanPage | null = null;
  do {
    const { after, nextIndex } = { after: page?.after ?? null, nextIndex: heads.length };
    page = await planPage(open, ctx, { job: { id: 'job-1', spec, createdAt: '' }, after, nextIndex });
    for (const work of page.work) {
      const chunk = createChunk({
        ...open,
        work,
        from: null,
        policy: { ...DEFAULT_CHECKPOINT, ...policy },
        requests: null,
        rejects,
        stop: ctx.stop,
        signal: ctx.signal,
        clock: systemClock,
      });
      const { checkpoint } = await chunk.run();
      const { stream, index, partition } = work;
      const { records } = checkpoint.tallies;
      heads.push({ stream, index, partition: partition.id, state: checkpoint.sink, records });
    }
  } while (!page.done);
  const settled = await open.sink.settle(ctx, heads.slice(1), null);
  return open.sink.seal(ctx, { heads: heads.slice(0, 1), settled, report: {} });
}
