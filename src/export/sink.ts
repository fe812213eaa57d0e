// The sink of an export: pieces as chunks go, files when all is there.
import { describe, describedStream, describedStreams } from '../archive/described.js';
import { withdrawn, type Folder } from '../archive/claim.js';
import type { StreamDescription } from '../archive/format.js';
import { createFolderSink } from '../archive/folder-sink.js';
import { ordinal, partitionFolder, REPORT, WORK } from '../archive/layout.js';
import { createPartitionWriter, type PartitionWriterOptions } from '../archive/partition-writer.js';
import type { Sink } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { exporterOf } from './exporter.js';
import { EXPORT, EXPORT_FORMAT, type Export, type ExportedAs } from './format.js';
import { readExport } from './read.js';
import { publish, summaryOf, tidy } from './seal.js';

export interface ExportSinkOptions {
  /** The folder in the store: prefix and name. */
  readonly path: string;
  /** Its name alone. */
  readonly id: string;
  readonly jobId: string;
  /** ISO time of the job's request. */
  readonly createdAt: string;
  readonly as: ExportedAs;
  readonly source: Export['source'];
  /** A file is closed with the piece that brings it here; null: one file a stream. */
  readonly fileBytes: number | null;
  /** A piece ends with the page that brings it here; of the records as they came, or as they are written. Default 64 MiB. */
  readonly pieceBytes?: number;
  /** Epoch ms. */
  readonly now?: () => number;
}

const PIECE_BYTES = 67_108_864;

/** Pieces are no part of what is published. */
const none = async (): Promise<ReadonlySet<string>> => new Set();

/** Beside the errors of its store it throws `archive_exists`, `chain_broken`, `format_unfit` and `table_changed`. */
export function createExportSink(store: Store, options: ExportSinkOptions): Sink {
  const { path, id, jobId: job, createdAt, as, source, fileBytes, now = Date.now } = options;
  const folder: Folder = { store, path, job, ending: EXPORT };
  /** Files that were begun here, finished or not. */
  const made = new Set<string>();

  async function descriptionOf(name: string): Promise<StreamDescription> {
    const found = await describedStream(store, path, name);
    if (!found) throw withdrawn(path);
    return found;
  }

  return createFolderSink(folder, {
    claim: { format: EXPORT_FORMAT, id, job, createdAt, source, as },

    async describe(stream) {
      exporterOf(stream, as);
      // What a sample showed first holds: pieces may be written by it already.
      await describe(store, path, stream, { ifAbsent: true });
    },

    async open(target, from) {
      const exporter = exporterOf(await descriptionOf(target.stream), as);
      const open: PartitionWriterOptions['open'] = ({ seq, token }, first) => {
        const name = `${ordinal(seq)}-${token}.${exporter.extension}`;
        const piece = `${WORK}/pieces/${partitionFolder(target)}/${name}`;
        return exporter.openPiece({ store, folder: path, path: piece, seq }, first);
      };
      const { pieceBytes: segmentBytes = PIECE_BYTES } = options;
      return createPartitionWriter({ folder, target, from, segmentBytes, open, listed: none });
    },

    publish: async (ctx, work) =>
      publish(ctx, folder, {
        ...work,
        about: { id, job, createdAt, source, as },
        streams: await describedStreams(store, path),
        fileBytes,
        completedAt: new Date(now()).toISOString(),
        making: (file) => made.add(file),
      }),

    finish: async () => {
      const written = await readExport(store, path);
      await tidy(folder);
      return summaryOf(written);
    },

    withdraw: async () => {
      for (const file of [...made, REPORT]) await store.remove(`${path}/${file}`);
    },
  });
}
