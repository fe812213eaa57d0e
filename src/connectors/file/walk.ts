// Walks the files below a folder: listing, and clearing away.
import { lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dirent } from 'node:fs';
import type { StoredObject } from '../../core/store.js';
import { codeOf, unlessGone } from './faults.js';
import { TEMPORARY } from './paths.js';
import { syncFolder } from './writer.js';

/** Objects below a folder, sorted by path. Keeps the names of one folder at each depth in memory. Links are not followed. */
export async function* walk(folder: string, prefix: string): AsyncGenerator<StoredObject> {
  for (const entry of await entriesOf(folder)) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file, path);
    else if (entry.isFile() && !entry.name.startsWith(TEMPORARY)) {
      const size = await sizeOf(file);
      if (size !== null) yield { path, size };
    }
  }
}

/** Their names, sorted. One that is empty counts: nothing says so but a look into it. */
export async function foldersOf(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Removes temporary files, and folders that hold nothing (any more). Says whether this folder is gone. */
export async function sweepFolder(folder: string): Promise<boolean> {
  let left = 0;
  for (const entry of await entriesOf(folder)) {
    const file = join(folder, entry.name);
    if (entry.isDirectory()) left += (await sweepFolder(file)) ? 0 : 1;
    else if (entry.name.startsWith(TEMPORARY)) await unlessGone(unlink(file));
    else left += 1;
  }
  return left === 0 && removeEmpty(folder);
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await unlessGone(syncFolder(dirname(folder)));
}

/** Somebody may have written into it meanwhile: then it stays. */
async function removeEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    if (code !== 'ENOENT') throw error;
  }
  return true;
}

/** Folders sort as if their names ended with the `/` that follows, so that the whole walk is in the order of paths. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return entries.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function placeOf(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
