// Objects in an archive's folder that its manifest does not list: orphans of killed writers, or what does not belong there.
import type { Store, StoredObject } from '../core/store.js';
import type { Manifest, Segment } from './format.js';
import { MANIFEST } from './layout.js';
import { segmentLines, type LineRange } from './segment-lines.js';

/** In the order of the store's list. Memory: a few words a partition, and the segment names of one partition at a time. */
export async function* unlisted(
  store: Store,
  archive: string,
  manifest: Manifest,
): AsyncGenerator<StoredObject> {
  const folders = await foldersOf(store, archive, manifest);
  const top = topOf(manifest);
  let folder = '';
  let listed: ReadonlySet<string> = top;
  for await (const object of store.list(archive)) {
    const path = object.path.slice(archive.length + 1);
    if (folderOf(path) !== folder) {
      folder = folderOf(path);
      listed = folder === '' ? top : await pathsIn(store, archive, manifest, folders.get(folder));
    }
    if (!listed.has(path)) yield object;
  }
}

/** What lies beside the folders. */
export function topOf({ segments, report }: Manifest): ReadonlySet<string> {
  return new Set([MANIFEST, segments.path, report.path]);
}

/** Which lines of segments.jsonl are about each folder. */
export async function foldersOf(
  store: Store,
  archive: string,
  manifest: Manifest,
): Promise<Map<string, LineRange>> {
  const folders = new Map<string, LineRange>();
  for (const { lines } of manifest.streams) {
    for await (const { line, start, end } of segmentLines(store, archive, manifest.segments.path, lines)) {
      const folder = folderOf(line.path);
      folders.set(folder, { start: folders.get(folder)?.start ?? start, end });
    }
  }
  return folders;
}

async function pathsIn(
  store: Store,
  archive: string,
  { segments }: Manifest,
  range: LineRange | undefined,
): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  if (!range) return paths;
  for await (const { line } of segmentLines(store, archive, segments.path, range)) {
    for (const path of pathsOf(line)) paths.add(path);
  }
  return paths;
}

/** A segment, and its list where it has one: in the same folder. */
export function pathsOf({ path, list }: Pick<Segment, 'path' | 'list'>): string[] {
  return list ? [path, list.path] : [path];
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
