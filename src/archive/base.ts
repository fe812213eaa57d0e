// An archive as the base of the next backup: whether it can be one, and what it knows of objects.
import type { KnownObject, KnownObjects, Reference } from '../core/known.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { compareKeys } from '../records/tar/order.js';
import { listedEntries, type ListedEntry } from './entry-list.js';
import type { BaseRef, Manifest, SegmentLine } from './format.js';
import { readHashedManifest } from './manifest.js';
import { segmentLines, type LineRange } from './segment-lines.js';

/** An archive refers to so many others, at most: each of them is open while it is read. */
const MOST_BASES = 16;

export interface Base {
  /** It, then those that it refers to. Throws `base_unsuitable`, and what reading a manifest throws. */
  refs(): Promise<readonly BaseRef[]>;
  /** Throws likewise, and `archive_damaged`. */
  readonly known: KnownObjects;
}

/** `source`: what is backed up now. */
export function openBase(store: Store, archive: string, source: Manifest['source']): Base {
  let reading: ReturnType<typeof read> | undefined;
  async function read() {
    const found = await readHashedManifest(store, archive);
    expectSuitable(archive, found.manifest, source);
    return found;
  }
  const opened = () => (reading ??= read());

  return {
    async refs() {
      const { manifest, sha256 } = await opened();
      return [{ archive, sha256 }, ...(manifest.bases ?? [])];
    },
    async *known(stream, after) {
      const { manifest } = await opened();
      const lines = manifest.streams.find(({ name }) => name === stream)?.lines;
      if (lines) yield* objectsOf(entriesAfter({ store, archive, manifest }, lines, after), after);
    },
  };
}

function expectSuitable(archive: string, manifest: Manifest, source: Manifest['source']): void {
  const { connection, type } = manifest.source;
  if (connection !== source.connection || type !== source.type) {
    throw unsuitable(`${archive} is of connection ${connection} (${type}), not of ${source.connection}.`);
  }
  if (manifest.streams.some(({ encoding }) => encoding !== 'tar')) {
    throw unsuitable(`${archive} does not hold objects.`);
  }
  if ((manifest.bases?.length ?? 0) >= MOST_BASES) {
    throw unsuitable(`${archive} refers to ${MOST_BASES} other archives already.`);
  }
}

function unsuitable(message: string): LonghaulError {
  return new LonghaulError('base_unsuitable', message);
}

interface Place {
  readonly store: Store;
  readonly archive: string;
  readonly manifest: Manifest;
}

interface PlacedEntry {
  readonly entry: ListedEntry;
  readonly reference: Reference;
}

/** From the list that holds the first entry of a key after `after`, if not from one before it. */
async function* entriesAfter(
  { store, archive, manifest }: Place,
  lines: LineRange,
  after: string | null,
): AsyncGenerator<PlacedEntry> {
  const { segments, compression } = manifest;
  const start = await startOf({ store, archive, manifest }, lines, after);
  const range = { start, end: lines.end };
  const place = { store, archive, compression };
  for await (const { line, start: at } of segmentLines(store, archive, segments.path, range)) {
    for await (const entry of listedEntries(place, listOf(archive, line))) {
      yield { entry, reference: referenceTo(archive, line.path, at, entry) };
    }
  }
}

async function startOf(
  { store, archive, manifest }: Place,
  lines: LineRange,
  after: string | null,
): Promise<number> {
  let from = lines.start;
  if (after === null) return from;
  for await (const { line, start } of segmentLines(store, archive, manifest.segments.path, lines)) {
    if (compareKeys(listOf(archive, line).first, after) > 0) break;
    from = start;
  }
  return from;
}

function listOf(archive: string, { list }: SegmentLine): NonNullable<SegmentLine['list']> {
  if (list) return list;
  throw unsuitable(`${archive} was written by a version of Longhaul that kept no lists of objects.`);
}

/** What the base itself refers to is referred to where it is. */
function referenceTo(archive: string, path: string, line: number, entry: ListedEntry): Reference {
  const { key, size, version, mtime, offset, length, at, from } = entry;
  return { key, size, version, mtime, offset, length, from: from ?? { archive, path, line, at } };
}

/** Puts the pieces of an object together; what began and never ended is none. */
async function* objectsOf(
  entries: AsyncIterable<PlacedEntry>,
  after: string | null,
): AsyncGenerator<KnownObject> {
  let pieces: Reference[] = [];
  for await (const { entry, reference } of entries) {
    const { key, size, version, mtime, offset, length } = entry;
    if (after !== null && compareKeys(key, after) <= 0) continue;
    if (offset === 0) pieces = [];
    pieces.push(reference);
    if (offset + length < size) continue;
    yield { key, size, version, mtime, pieces };
    pieces = [];
  }
}
