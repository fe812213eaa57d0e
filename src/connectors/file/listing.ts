// Lists the files below a folder in the order of their paths, from any path on.
import { lstat, readdir } from 'node:fs/promises';
import type { BigIntStats, Dirent } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { compareKeys, type KeyRange, type ListedObject, type Refusal } from '../objects/tree.js';
import { codeOf, named } from './faults.js';

const LISTED_AT_ONCE = 500;

/** Keeps the names of one folder at each depth in memory. `source_not_found` where there is no folder. */
export async function* listFiles(
  ctx: Context,
  folder: string,
  range: KeyRange,
): AsyncGenerator<readonly ListedObject[]> {
  let some: ListedObject[] = [];
  for await (const object of walk(ctx, folder, '', range)) {
    some.push(object);
    if (some.length < LISTED_AT_ONCE) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** `prefix`: '' or the path of the folder with its `/`. */
async function* walk(
  ctx: Context,
  root: string,
  prefix: string,
  range: KeyRange,
): AsyncGenerator<ListedObject> {
  const { entries, refused } = await entriesIn(root, prefix);
  if (refused) yield refused;
  for (const { key, isFolder, isText } of entries) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    if (isBefore(key, isFolder, range)) continue;
    if (range.to !== null && compareKeys(key, range.to) > 0) return;
    if (isFolder) yield* walk(ctx, root, key, range);
    else {
      const object = isText ? await look(root, key) : unreadable(key, NOT_TEXT(key));
      if (object) yield object;
    }
  }
}

/** All that is in it comes before the range. */
function isBefore(key: string, isFolder: boolean, { after }: KeyRange): boolean {
  if (after === null || compareKeys(key, after) > 0) return false;
  return !(isFolder && after.startsWith(key));
}

export interface Entry {
  /** Of a folder with a `/` behind it, so that sorting gives the order of all paths. */
  readonly key: string;
  readonly isFolder: boolean;
  /** Its name is valid UTF-8. */
  readonly isText: boolean;
}

interface Inside {
  readonly entries: readonly Entry[];
  readonly refused?: ListedObject;
}

/** Files and folders, sorted. Links, sockets and devices are passed over. A folder that cannot be read is an object that cannot. */
export async function entriesIn(root: string, prefix: string): Promise<Inside> {
  try {
    const found = await readdir(join(root, prefix), { withFileTypes: true, encoding: 'buffer' });
    const entries = found.filter((entry) => entry.isFile() || entry.isDirectory());
    const sorted = entries.map((entry) => entryOf(prefix, entry)).sort((a, b) => compareKeys(a.key, b.key));
    return { entries: sorted };
  } catch (error) {
    const code = codeOf(error);
    if (prefix === '' && code === 'ENOENT') throw missing(root);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { entries: [] };
    const why = prefix === '' ? null : refusalOf(prefix, code);
    if (why) return { entries: [], refused: unreadable(prefix, why) };
    throw named(`list ${prefix || 'the folder'}`, error);
  }
}

function entryOf(prefix: string, entry: Dirent<Buffer>): Entry {
  const name = entry.name.toString('utf8');
  const isFolder = entry.isDirectory();
  const isText = Buffer.from(name).equals(entry.name);
  return { key: `${prefix}${name}${isFolder && isText ? '/' : ''}`, isFolder: isFolder && isText, isText };
}

/** null: it is gone, or no file any more. */
async function look(root: string, key: string): Promise<ListedObject | null> {
  try {
    const stats = await lstat(join(root, key), { bigint: true });
    return stats.isFile() ? { key, size: Number(stats.size), version: versionOf(stats) } : null;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    const why = refusalOf(key, code);
    if (why) return unreadable(key, why);
    throw named(`look at ${key}`, error);
  }
}

export function versionOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return [size, mtimeNs, ctimeNs, ino].join('-');
}

function unreadable(key: string, refused: Refusal): ListedObject {
  return { key, size: 0, version: '', refused };
}

/** null: the fault is none of this file alone. */
export function refusalOf(key: string, code: string | undefined): Refusal | null {
  if (code !== 'EACCES' && code !== 'EPERM') return null;
  return { code: 'permission_denied', message: `${key} may not be read: ${code}.` };
}

const NOT_TEXT = (key: string): Refusal => ({
  code: 'name_unfit',
  message: `The name of ${key} is not valid UTF-8.`,
});

function missing(folder: string): LonghaulError {
  return new LonghaulError('source_not_found', `There is no folder ${folder}.`, {
    hint: 'Correct `path` of the stream, or make the folder.',
  });
}
