// The files of a sealed archive: manifest, report and list of segments, then the segments in the order of that list.
import type { JobFile, JobFiles, PlacedFile } from '../core/files.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import type { Manifest, SegmentLine } from './format.js';
import { folderName, MANIFEST } from './layout.js';
import { readManifestAlone } from './manifest.js';
import { sha256 } from './objects.js';
import { damaged, segmentLines, type LineRange } from './segment-lines.js';

/** Places: the first three files; from 0 on twice where the line of a segment begins in segments.jsonl, and 1 more for its list. */
const FIRST = -3;

/** Throws what reading a manifest throws, and `archive_missing` where another job has sealed the archive since. */
export async function openArchiveFiles(store: Store, archive: string, job: string): Promise<JobFiles> {
  const { manifest, bytes } = await readManifestAlone(store, archive);
  if (manifest.job !== job) {
    throw new LonghaulError('archive_missing', `${archive} is the archive of another job by now.`);
  }
  const { segments, report } = manifest;
  const top = [
    { path: MANIFEST, sha256: sha256(bytes) },
    { path: report.path, sha256: report.sha256 },
    { path: segments.path, sha256: segments.sha256 },
  ];

  async function* list(from = FIRST): AsyncGenerator<PlacedFile> {
    for (let place = Math.max(from, FIRST); place < 0; place += 1) {
      const file = await storedFile(store, archive, top[place - FIRST]!);
      yield { file, place, next: place + 1 };
    }
    yield* filesFrom(store, archive, manifest, Math.max(from, 0));
  }

  async function find(path: string, place?: number): Promise<JobFile | null> {
    const known = top.find((file) => file.path === path);
    if (known) return storedFile(store, archive, known);
    const there = place === undefined ? null : await fileAt(store, archive, manifest, place);
    return there?.path === path ? there : findSegment(store, archive, manifest, path);
  }

  return { list, find };
}

/** A file of which only the hash is known. Throws `archive_damaged` where it is not there. */
export async function storedFile(
  store: Store,
  archive: string,
  { path, sha256: hash }: { readonly path: string; readonly sha256: string },
): Promise<JobFile> {
  const found = await store.stat(`${archive}/${path}`);
  if (!found) throw damaged(`${archive}/${path}`, 'is missing');
  return { path, bytes: found.size, records: null, sha256: hash };
}

async function* filesFrom(
  store: Store,
  archive: string,
  manifest: Manifest,
  from: number,
): AsyncGenerator<PlacedFile> {
  const range = { start: Math.floor(from / 2), end: endOf(manifest) };
  for await (const found of segmentFiles(store, archive, manifest, range)) {
    if (found.place >= from) yield found;
  }
}

async function* segmentFiles(
  store: Store,
  archive: string,
  { segments }: Manifest,
  range: LineRange,
): AsyncGenerator<PlacedFile> {
  for await (const { line, start, end } of segmentLines(store, archive, segments.path, range)) {
    const { list } = line;
    yield { file: fileOf(line, line.records), place: 2 * start, next: list ? 2 * start + 1 : 2 * end };
    if (list) yield { file: fileOf(list, null), place: 2 * start + 1, next: 2 * end };
  }
}

function fileOf(
  { path, storedBytes, sha256: hash }: Pick<SegmentLine, 'path' | 'storedBytes' | 'sha256'>,
  records: number | null,
): JobFile {
  return { path, bytes: storedBytes, records, sha256: hash };
}

/** null where there is none. */
async function fileAt(
  store: Store,
  archive: string,
  manifest: Manifest,
  place: number,
): Promise<JobFile | null> {
  try {
    for await (const { file } of filesFrom(store, archive, manifest, place)) return file;
  } catch (error) {
    if (!(error instanceof LonghaulError) || error.code !== 'archive_damaged') throw error;
  }
  return null;
}

/** Looks through the lines of the streams that the folder can be of. */
async function findSegment(
  store: Store,
  archive: string,
  manifest: Manifest,
  path: string,
): Promise<JobFile | null> {
  const [folder] = path.split('/');
  for (const { lines } of manifest.streams.filter(({ name }) => folderName(name) === folder)) {
    for await (const { file } of segmentFiles(store, archive, manifest, lines)) {
      if (file.path === path) return file;
    }
  }
  return null;
}

function endOf({ streams }: Manifest): number {
  return streams.reduce((end, { lines }) => Math.max(end, lines.end), 0);
}
