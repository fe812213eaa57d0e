// Sealed archives in a folder for tests, and a verify job without its engine.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { AuditScope } from '../../src/archive/audit-seal.js';
import { createAuditSink } from '../../src/archive/audit.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Head, SealSummary } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import type { Store } from '../../src/core/store.js';
import { collect, testContext } from './reading.js';
import { breadcrumb, newMemory, runJob, type Memory, type Work } from './writing.js';

export const ARCHIVE = 'nightly/a-1';

export interface TestArchive {
  readonly store: Store;
  /** The archive's own folder. */
  readonly folder: string;
  readonly summary: SealSummary;
  readonly memory: Memory;
  dispose(): Promise<void>;
}

export interface ArchiveOptions {
  readonly compression?: 'zstd' | 'gzip' | 'none';
  readonly segmentBytes?: number;
}

export async function sealedArchive(work: Work, options: ArchiveOptions = {}): Promise<TestArchive> {
  const root = await mkdtemp(path.join(tmpdir(), 'archive-'));
  return {
    ...(await sealIn(root, work, options)),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

/** Of the job `job-1` at the path ARCHIVE, unless the options say otherwise. */
export async function sealIn(
  root: string,
  work: Work,
  options: ArchiveOptions & { readonly path?: string; readonly jobId?: string } = {},
): Promise<Omit<TestArchive, 'dispose'>> {
  const store = storeIn(root);
  const sink = createArchiveSink(store, {
    path: ARCHIVE,
    archiveId: 'a-1',
    jobId: 'job-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    compression: 'zstd',
    source: { connection: 'crm', type: 'http' },
    now: () => Date.UTC(2026, 0, 3),
    ...options,
  });
  const memory = newMemory();
  const summary = await runJob(sink, work, memory);
  return { store, folder: path.join(root, options.path ?? ARCHIVE), summary, memory };
}

export function storeIn(folder: string): Store {
  const { store } = createFileConnection('vault', { type: 'file', path: folder });
  if (!store) throw new Error('a file connection has a store');
  return store();
}

/** Reads every partition to its end, a flush after each page, and seals. */
export async function verifyArchive(
  store: Store,
  want = 3,
  archive = ARCHIVE,
  scope: AuditScope = {},
): Promise<SealSummary & { states: readonly Json[] }> {
  const source = createArchiveSource(store, archive, { onDamage: 'report', sample: scope.sample });
  const sink = createAuditSink(store, archive, scope);
  const ctx = testContext();
  const heads: Head[] = [];
  for (const stream of await collect(source.streams(ctx, scope.streams))) {
    for (const partition of await collect(source.partitions(ctx, stream, want))) {
      const target = { stream: stream.name, partition: partition.id, index: heads.length };
      let state: Json = null;
      for await (const page of source.read(ctx, stream.name, partition, null)) {
        const writer = await sink.open(ctx, target, state);
        await writer.write(page);
        state = await writer.flush(breadcrumb(0, page.next === null));
      }
      heads.push({ ...target, state, records: 0 });
    }
  }
  const settled = await sink.settle(ctx, heads.slice(0, 1), null);
  const summary = await sink.seal(ctx, { heads: heads.slice(1), settled, report: {} });
  return { ...summary, states: [...heads.map((head) => head.state), settled] };
}

/** Changes segments.jsonl and manifest.json as somebody would who knows the format, so that every hash is right again. */
export async function forge(
  folder: string,
  change: (lines: string[], manifest: Record<string, unknown>) => string[],
): Promise<void> {
  const [list, whole] = [path.join(folder, 'segments.jsonl'), path.join(folder, 'manifest.json')];
  const lines = (await readFile(list, 'utf8')).trimEnd().split('\n');
  const { sha256: _old, ...manifest } = JSON.parse(await readFile(whole, 'utf8')) as Record<string, unknown>;
  const changed = Buffer.from(
    change(lines, manifest)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const segments = { ...(manifest['segments'] as object), sha256: hashOf(changed) };
  const body = `${JSON.stringify({ ...manifest, segments }, null, 2).slice(0, -2)},\n`;
  await writeFile(list, changed);
  await writeFile(whole, `${body}  "sha256": "${hashOf(Buffer.from(body))}"\n}\n`);
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
