// The archive as the sink of a backup.
import type { Sink } from '../core/connector.js';
import type { Store } from '../core/store.js';
import type { Base } from './base.js';
import { keptBases, onBase, proveBases } from './bases.js';
import type { Folder } from './claim.js';
import { describe, describedStreams } from './described.js';
import { createFolderSink } from './folder-sink.js';
import { createFrameMemory } from './frames.js';
import { FORMAT, type ArchiveClaim, type Compression } from './format.js';
import { listedSegments } from './listed.js';
import { MANIFEST, partitionFolder, REPORT, segmentName, SEGMENTS } from './layout.js';
import { readManifest } from './manifest.js';
import { createPartitionWriter, type PartitionWriterOptions } from './partition-writer.js';
import { publish, summaryOf, tidy } from './seal.js';
import { openSegment } from './segment-writer.js';

export interface ArchiveSinkOptions {
  /** The archive's folder in the store: prefix and id. */
  readonly path: string;
  readonly archiveId: string;
  readonly jobId: string;
  /** ISO time of the job's request. */
  readonly createdAt: string;
  readonly compression: Compression;
  readonly source: { readonly connection: string; readonly type: string };
  /** The archive that pages may refer to. */
  readonly base?: Pick<Base, 'refs'> | null;
  /** A segment ends with the page that brings it here; before compression. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Epoch ms. */
  readonly now?: () => number;
}

const SEGMENT_BYTES = 67_108_864;

/** Beside the errors of its store it throws `archive_exists` and `chain_broken`. */
export function createArchiveSink(store: Store, options: ArchiveSinkOptions): Sink {
  const {
    path,
    jobId,
    createdAt,
    compression,
    source,
    base = null,
    segmentBytes = SEGMENT_BYTES,
    now = Date.now,
  } = options;
  const memory = createFrameMemory();
  const folder: Folder = { store, path, job: jobId, ending: MANIFEST };
  const claim: ArchiveClaim = {
    format: FORMAT,
    id: options.archiveId,
    job: jobId,
    createdAt,
    source,
    compression,
  };

  const filling = createFolderSink(folder, {
    claim,

    describe: (stream) => describe(store, path, stream, { ifAbsent: false }),

    open: async (target, from) => {
      const open: PartitionWriterOptions['open'] = ({ seq, token }, { payload }) => {
        const name = segmentName(seq, token, payload.format, compression);
        const place = { seq, path: `${partitionFolder(target)}/${name}` };
        return openSegment(store, path, place, compression, memory);
      };
      const listed = (): Promise<ReadonlySet<string>> => listedSegments(store, path, target.stream);
      const writer = createPartitionWriter({ folder, target, from, segmentBytes, open, listed });
      return { ...writer, copies: true };
    },

    async publish(ctx, work) {
      const bases = base ? await keptBases(store, path) : [];
      await proveBases(store, bases);
      await publish(ctx, folder, {
        claim,
        streams: await describedStreams(store, path),
        bases,
        ...work,
        completedAt: new Date(now()).toISOString(),
      });
    },

    finish: async () => {
      const manifest = await readManifest(store, path);
      await tidy(store, path, manifest);
      return summaryOf(manifest);
    },

    withdraw: async () => {
      for (const name of [SEGMENTS, REPORT]) await store.remove(`${path}/${name}`);
    },
  });
  return base ? onBase(filling, folder, base) : filling;
}
