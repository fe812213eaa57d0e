// Which files a stream's pieces become, and making them so: a file that is whole already is not made again.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isClaimed, withdrawn, type Folder } from '../archive/claim.js';
import type { ManifestStream, SegmentLine } from '../archive/format.js';
import { folderName, ordinal, WORK } from '../archive/layout.js';
import { decodeJson, encodeJson, readIfThere } from '../archive/objects.js';
import { segmentLines, type LineRange } from '../archive/segment-lines.js';
import { Stopped } from '../core/errors.js';
import type { Context } from '../core/connector.js';
import type { Exporter } from './exporter.js';
import { fileSchema, type ExportedFile } from './format.js';
import { createJoinedFile, type JoinedFile } from './join.js';

/** The list of all pieces, relative to the export. */
export const PIECES = `${WORK}/pieces.jsonl`;
/** What was found to be whole: a work file a file. */
const WHOLE = `${WORK}/files`;

export interface Assembly {
  readonly folder: Folder;
  readonly stream: ManifestStream;
  readonly exporter: Exporter;
  /** A file is closed with the piece that brings it here; null: one file. */
  readonly fileBytes: number | null;
  /** Hears of each file before it is there, by its path within the export. */
  readonly making: (path: string) => void;
}

/** In order; `extra` are the records that keep something in the column for what no other can hold. */
export async function assemble(
  ctx: Context,
  assembly: Assembly,
): Promise<{ readonly files: ExportedFile[]; readonly extra: number }> {
  const files: ExportedFile[] = [];
  let extra = 0;
  for await (const plan of plannedFiles(assembly)) {
    if (ctx.stop.aborted) throw new Stopped();
    extra += plan.extra;
    files.push((await wholeFile(assembly, plan)) ?? (await makeFile(ctx, assembly, plan)));
  }
  return { files, extra };
}

/** A run of the list of pieces. `of` stands for all of them. */
interface PlannedFile {
  readonly path: string;
  readonly lines: LineRange;
  readonly records: number;
  readonly extra: number;
  readonly of: string;
}

async function* plannedFiles({ folder, stream, exporter, fileBytes }: Assembly): AsyncGenerator<PlannedFile> {
  const name = folderName(stream.name);
  const pathOf = (number: number): string =>
    `${fileBytes === null ? name : `${name}/${ordinal(number)}`}.${exporter.extension}`;
  let files = 0;
  let open = beginning(stream.lines.start);
  for await (const { line, end } of linesOf(folder, stream.lines)) {
    open.add(line, end);
    if (fileBytes === null || open.stored < fileBytes) continue;
    yield open.plan(pathOf(files++));
    open = beginning(end);
  }
  if (files === 0 || open.stored > 0) yield open.plan(pathOf(files));
}

function beginning(start: number) {
  const hash = createHash('sha256');
  const sums = { stored: 0, records: 0, extra: 0, end: start };
  return {
    get stored() {
      return sums.stored;
    },
    add(line: SegmentLine, end: number): void {
      hash.update(`${line.path} ${line.sha256}\n`);
      sums.stored += line.storedBytes;
      sums.records += line.records;
      sums.extra += line.extra ?? 0;
      sums.end = end;
    },
    plan(path: string): PlannedFile {
      const { records, extra, end } = sums;
      return { path, lines: { start, end }, records, extra, of: hash.digest('hex') };
    },
  };
}

const wholeSchema = z.object({ of: z.string(), file: fileSchema });

const notePath = ({ path }: Folder, { path: file }: PlannedFile): string => `${path}/${WHOLE}/${file}.json`;

/** Made by an earlier attempt out of the same pieces; null: not made, or not made so. */
async function wholeFile({ folder }: Assembly, plan: PlannedFile): Promise<ExportedFile | null> {
  const note = notePath(folder, plan);
  const bytes = await readIfThere(folder.store, note);
  const found = bytes && decodeJson(bytes, wholeSchema, 'chain_broken', note);
  if (found?.of !== plan.of) return null;
  const stored = await folder.store.stat(`${folder.path}/${plan.path}`);
  return stored?.size === found.file.bytes ? found.file : null;
}

async function makeFile(ctx: Context, assembly: Assembly, plan: PlannedFile): Promise<ExportedFile> {
  const { folder, exporter, making } = assembly;
  const { store, path: root } = folder;
  making(plan.path);
  const joined = await createJoinedFile(ctx, store, root, plan.path);
  try {
    await exporter.join({ store, folder: root }, piecesOf(folder, plan.lines), joined);
    // Given up meanwhile, the folder may be another job's by now.
    await stillClaimed(folder);
  } catch (error) {
    await joined.abort().catch(() => undefined);
    throw error;
  }
  const stored = await joined.commit();
  await stillClaimed(folder);
  return noted(folder, plan, stored);
}

async function stillClaimed(folder: Folder): Promise<void> {
  if (!(await isClaimed(folder))) throw withdrawn(folder.path);
}

async function noted(
  folder: Folder,
  plan: PlannedFile,
  stored: Awaited<ReturnType<JoinedFile['commit']>>,
): Promise<ExportedFile> {
  const file = { path: plan.path, records: plan.records, ...stored };
  await folder.store.put(notePath(folder, plan), encodeJson({ of: plan.of, file }));
  return file;
}

function linesOf({ store, path }: Folder, range: LineRange) {
  return segmentLines(store, path, PIECES, range);
}

async function* piecesOf(folder: Folder, range: LineRange): AsyncGenerator<SegmentLine> {
  for await (const { line } of linesOf(folder, range)) yield line;
}
