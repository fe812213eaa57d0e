// Makes an export out of what a job wrote: lists the pieces, puts the files together, and writes export.json last.
import { putEnding, type FolderWork } from '../archive/folder-sink.js';
import type { Folder } from '../archive/claim.js';
import type { ManifestStream, StreamDescription } from '../archive/format.js';
import { CLAIM, REPORT, WORK } from '../archive/layout.js';
import { sha256 } from '../archive/objects.js';
import { writeSegmentList } from '../archive/segment-list.js';
import { createTotals } from '../archive/totals.js';
import type { Context, SealSummary } from '../core/connector.js';
import { assemble, PIECES, type Assembly } from './files.js';
import { exporterOf } from './exporter.js';
import { EXPORT_FORMAT, type Export, type ExportedStream } from './format.js';
import { readingOf } from './reading.js';

export interface ExportWork extends FolderWork {
  /** All of export.json that is known from the start. */
  readonly about: Pick<Export, 'id' | 'job' | 'createdAt' | 'source' | 'as'>;
  /** Of all streams, sorted by name. */
  readonly streams: readonly StreamDescription[];
  readonly fileBytes: number | null;
  readonly completedAt: string;
  readonly making: Assembly['making'];
}

/** Of two that seal at once, one export.json stands, and both make the same files. */
export async function publish(ctx: Context, folder: Folder, work: ExportWork): Promise<void> {
  const { store, path } = folder;
  const totals = createTotals(work.streams);
  await writeSegmentList(ctx, store, path, { path: PIECES, heads: work.heads, totals });
  const streams: ExportedStream[] = [];
  for (const stream of totals.streams()) streams.push(await exported(ctx, folder, work, stream));
  const report = Buffer.from(
    `${JSON.stringify({ ...work.report, result: summaryOf({ streams }) }, null, 2)}\n`,
  );
  await store.put(`${path}/${REPORT}`, report);
  const content: Export = {
    format: EXPORT_FORMAT,
    ...work.about,
    completedAt: work.completedAt,
    reading: readingOf(work.about.as),
    report: { path: REPORT, sha256: sha256(report) },
    streams,
  };
  const witness = streams[0]?.files[0]?.path ?? REPORT;
  await putEnding(folder, Buffer.from(`${JSON.stringify(content, null, 2)}\n`), witness);
}

async function exported(
  ctx: Context,
  folder: Folder,
  { about, fileBytes, making }: ExportWork,
  stream: ManifestStream,
): Promise<ExportedStream> {
  const exporter = exporterOf(stream, about.as);
  const { files, extra } = await assemble(ctx, { folder, stream, exporter, fileBytes, making });
  const schema = exporter.columns && { columns: [...exporter.columns] };
  return { name: stream.name, records: stream.records, extra, key: stream.key, schema, files };
}

/** Clears away what was needed to get there. The claim goes first: whoever still writes sees that, and withdraws. */
export async function tidy({ store, path }: Folder): Promise<void> {
  await store.remove(`${path}/${CLAIM}`);
  await store.removeAll(`${path}/${WORK}`);
  await store.sweep(path);
}

/** `bytes` are of the files. */
export function summaryOf({ streams }: Pick<Export, 'streams'>): SealSummary {
  const files = streams.flatMap((stream) => stream.files);
  const notes = streams.filter(({ extra }) => extra > 0).map(note);
  return {
    records: streams.reduce((sum, { records }) => sum + records, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    storedBytes: 0,
    segments: 0,
    files: files.length,
    ...(notes.length > 0 && { notes: shortened(notes) }),
  };
}

function note({ name, extra, schema }: ExportedStream): string {
  const column = schema?.columns.at(-1)?.name;
  return `${extra} records of stream ${name} keep values in the column ${column} that their own columns cannot hold.`;
}

const MOST_NOTES = 20;

/** The summary is carried in Temporal, so it stays small. */
function shortened(notes: readonly string[]): string[] {
  if (notes.length <= MOST_NOTES) return [...notes];
  return [...notes.slice(0, MOST_NOTES), `So do records of ${notes.length - MOST_NOTES} other streams.`];
}
