// Holds the store's list of an archive's folder against segments.jsonl: finds what is surplus, and of the segments that
// nobody reads those that are missing or of another size. It costs no request a segment.
import type { Context, Finding } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store, StoredObject } from '../core/store.js';
import type { Manifest, SegmentLine } from './format.js';
import { segmentLines } from './segment-lines.js';
import { folderOf, foldersOf, topOf } from './unlisted.js';

/** Whether it is looked at here; of any other segment it only counts that it is listed. */
export type IsUnread = (line: SegmentLine) => boolean;

/** `path` is within the archive. */
interface Expected extends StoredObject {
  readonly isUnread: boolean;
}

/**
 * Memory: a few words a partition. Both lists are in the order of names, and are read side by side; throws where the
 * store's is not.
 */
export async function* inventory(
  ctx: Pick<Context, 'stop' | 'signal'>,
  store: Store,
  archive: string,
  manifest: Manifest,
  isUnread: IsUnread,
): AsyncGenerator<Finding> {
  const top = topOf(manifest);
  const shelves = await createShelves(store, archive, manifest, isUnread);
  for await (const object of store.list(archive)) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    const path = object.path.slice(archive.length + 1);
    yield* shelves.closeBefore(path);
    const shelf = shelves.at(path);
    if (shelf) yield* shelf.take({ ...object, path });
    else if (!top.has(path)) yield surplus(object.path);
  }
  yield* shelves.close();
}

/** The folders that the archive says it has, one open at a time. */
interface Shelves {
  /** Closes the one that is open where the next object belongs to another one. */
  closeBefore(path: string): AsyncGenerator<Finding>;
  /** undefined: the archive has no such folder. */
  at(path: string): Shelf | undefined;
  /** Of all that were not listed, or not to their ends. */
  close(): AsyncGenerator<Finding>;
}

async function createShelves(
  store: Store,
  archive: string,
  manifest: Manifest,
  isUnread: IsUnread,
): Promise<Shelves> {
  const folders = await foldersOf(store, archive, manifest);
  const begun = new Set<string>();
  let open: { readonly folder: string; readonly shelf: Shelf } | undefined;

  function begin(folder: string): Shelf {
    if (begun.has(folder)) throw outOfOrder(`${archive}/${folder}`);
    begun.add(folder);
    const lines = segmentLines(store, archive, manifest.segments.path, folders.get(folder)!);
    return createShelf(archive, expectedIn(folder, lines, isUnread));
  }

  return {
    async *closeBefore(path) {
      const folder = folderOf(path);
      if (!open || folder === open.folder || !folders.has(folder)) return;
      yield* open.shelf.rest();
      open = undefined;
    },
    at(path) {
      const folder = folderOf(path);
      if (!folders.has(folder)) return undefined;
      open ??= { folder, shelf: begin(folder) };
      return open.shelf;
    },
    async *close() {
      if (open) yield* open.shelf.rest();
      for (const folder of folders.keys()) if (!begun.has(folder)) yield* begin(folder).rest();
    },
  };
}

/** What there should be in a folder, in the order of names. */
async function* expectedIn(
  folder: string,
  lines: AsyncIterable<{ readonly line: SegmentLine }>,
  isUnread: IsUnread,
): AsyncGenerator<Expected> {
  for await (const { line } of lines) {
    if (folderOf(line.path) !== folder) continue;
    const asked = isUnread(line);
    // A list sorts before its segment: `.list.jsonl`, `.tar`.
    for (const { path, storedBytes: size } of line.list ? [line.list, line] : [line])
      yield { path, size, isUnread: asked };
  }
}

/** One folder of the archive while the store lists it. */
interface Shelf {
  take(object: StoredObject): AsyncGenerator<Finding>;
  /** What was expected behind all that was listed. */
  rest(): AsyncGenerator<Finding>;
}

function createShelf(archive: string, expected: AsyncGenerator<Expected>): Shelf {
  /** The last that was found or given up. Only by it, since stores differ in how they order letters that it never has. */
  let passed = '';
  /** undefined: not asked for yet; null: there is none any more. */
  let next: Expected | null | undefined;

  async function step(): Promise<void> {
    if (next) passed = next.path;
    const { done, value } = await expected.next();
    next = done ? null : value;
  }

  async function* missingBefore(path: string | null): AsyncGenerator<Finding> {
    if (next === undefined) await step();
    const isBefore = (each: Expected) => path === null || each.path < path;
    for (; next && isBefore(next); await step()) if (next.isUnread) yield missing(`${archive}/${next.path}`);
  }

  return {
    async *take({ path, size }) {
      if (path <= passed) throw outOfOrder(`${archive}/${path}`);
      yield* missingBefore(path);
      if (next?.path !== path) return yield surplus(`${archive}/${path}`);
      if (next.isUnread && next.size !== size) yield resized(`${archive}/${path}`, size, next.size);
      await step();
    },
    rest: () => missingBefore(null),
  };
}

export const surplus = (path: string): Finding => ({
  path,
  problem: 'surplus',
  detail: 'the manifest does not list it',
});

export const missing = (path: string): Finding => ({
  path,
  problem: 'missing',
  detail: 'it is not in the store',
});

const resized = (path: string, size: number, listed: number): Finding => ({
  path,
  problem: 'damaged',
  detail: `it is ${size} bytes long, listed are ${listed}`,
});

const outOfOrder = (path: string): LonghaulError =>
  new LonghaulError('internal', `The store lists ${path} out of order.`);
