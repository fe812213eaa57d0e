// One partition on its way, chunk after chunk, from a source in memory into a real archive or export in a folder.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createChunk, type ChunkOptions } from '../../src/activities/chunk.js';
import { createArchiveSink } from '../../src/archive/sink.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import type { SealSummary, Sink } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';
import type { PartitionWork } from '../../src/core/work.js';
import { createExportSink } from '../../src/export/sink.js';
import { recordsIn } from './archive-reader.js';
import { ARCHIVE, storeIn, verifyArchive } from './archives.js';
import { readExportFolder } from './export-reader.js';
import { createMemorySource, wholeOf, type MemorySource } from './memory-source.js';
import { createMemoryStore, writeOut, type Space } from './memory-store.js';
import { testContext } from './reading.js';
import { REPORT, stream } from './writing.js';

export const STREAM = 'contacts';
export const EVERY_PAGE = { seconds: 3_600, bytes: Infinity, pages: 1, requests: Infinity };
export const SELDOM = { seconds: 3_600, bytes: Infinity, pages: Infinity, requests: Infinity };

export interface Start extends Partial<Omit<ChunkOptions, 'stop' | 'signal'>> {
  /** What the workflow knows. */
  readonly checkpoint?: Checkpoint | null;
}

export interface ChunkJob {
  readonly source: MemorySource;
  readonly store: Store;
  readonly work: PartitionWork;
  sinkOn(store: Store): Sink;
  /** A chunk and its two switches. Checkpoints fall at its end only, unless said otherwise. */
  chunk(start?: Start): ReturnType<typeof createChunk> & { stop(): void; abort(): void };
  /** Seals with the partition ended there. */
  seal(checkpoint: Checkpoint, store?: Store): Promise<SealSummary>;
  /** The same, and reads all its records back. */
  sealed(checkpoint: Checkpoint): Promise<readonly string[]>;
  /** What the sealed archive holds now, and what a verify finds wrong with it. */
  published(): Promise<{ records: readonly string[]; findings: number }>;
  dispose(): Promise<void>;
}

/** What the job writes, and how it is read back without its writer. */
interface Place {
  readonly sinkOn: (store: Store) => Sink;
  readonly recordsIn: (root: string) => Promise<readonly string[]>;
  /** What is wrong with it, or lies beside it. */
  readonly findings: (store: Store, root: string) => Promise<number>;
}

export type PlaceName = keyof typeof PLACES;

export async function openChunkJob(
  records: readonly string[],
  pageSize = 10,
  placeName: PlaceName = 'archive',
  /** Where the job writes instead of a folder. */
  space: Space | null = null,
): Promise<ChunkJob> {
  const { sinkOn, recordsIn, findings }: Place = PLACES[placeName];
  const root = await mkdtemp(path.join(tmpdir(), 'chunk-'));
  const store = space ? createMemoryStore(space) : storeIn(root);
  const source = createMemorySource({ [STREAM]: records }, { pageSize });
  const work = { index: 0, stream: STREAM, partition: wholeOf(records), checkpoint: null };
  await sinkOn(store).begin(testContext(), [stream(STREAM)]);

  const chunk = ({ checkpoint = null, work: other = work, ...start }: Start = {}) => {
    const [stop, signal] = [new AbortController(), new AbortController()];
    const switches = { stop: () => stop.abort(), abort: () => signal.abort() };
    const chunk = createChunk({
      source,
      sink: sinkOn(store),
      from: null,
      policy: SELDOM,
      requests: null,
      rejects: null,
      clock: { now: () => 0 },
      ...start,
      work: { ...other, checkpoint },
      stop: stop.signal,
      signal: signal.signal,
    });
    return { ...chunk, ...switches };
  };

  const seal: ChunkJob['seal'] = ({ sink: state, tallies: { records } }, on = store) => {
    const head = { stream: STREAM, partition: work.partition.id, index: 0, state, records };
    return sinkOn(on).seal(testContext(), { heads: [head], settled: null, report: REPORT });
  };
  const readBack = async (): Promise<readonly string[]> => {
    if (space) await writeOut(space, root);
    return recordsIn(root);
  };

  return {
    source,
    store,
    work,
    sinkOn,
    chunk,
    seal,
    async sealed(checkpoint) {
      await seal(checkpoint);
      return readBack();
    },
    published: async () => ({
      records: await readBack(),
      findings: await findings(store, root),
    }),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

const COMMON = { jobId: 'job-1', createdAt: '2026-01-02T03:04:05.000Z', now: () => Date.UTC(2026, 0, 3) };
const SOURCE = { connection: 'crm', type: 'memory' };

const PLACES = {
  archive: {
    sinkOn: (store) =>
      createArchiveSink(store, {
        ...COMMON,
        path: ARCHIVE,
        archiveId: 'a-1',
        compression: 'none',
        source: SOURCE,
      }),
    recordsIn: (root) => recordsIn(path.join(root, ARCHIVE), STREAM),
    findings: async (store) => (await verifyArchive(store)).findingsTotal ?? 0,
  },
  export: {
    sinkOn: (store) =>
      createExportSink(store, {
        ...COMMON,
        path: ARCHIVE,
        id: 'a-1',
        as: { format: 'jsonl', compression: 'none' },
        source: SOURCE,
        fileBytes: null,
      }),
    async recordsIn(root) {
      const { bytesOf } = await readExportFolder(path.join(root, ARCHIVE));
      return Buffer.concat(await bytesOf(STREAM))
        .toString('utf8')
        .split('\n')
        .slice(0, -1);
    },
    async findings(_store, root) {
      const files = (await readdir(path.join(root, ARCHIVE), { recursive: true })).toSorted();
      const known = new Set(['contacts.jsonl', 'export.json', 'report.json']);
      return files.filter((file) => !known.has(file)).length;
    },
  },
} satisfies Record<string, Place>;
