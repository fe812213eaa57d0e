// A folder as a store of immutable objects. Several processes may use it at once.
import { createReadStream } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { LonghaulError } from '../../core/errors.js';
import type { Store, StoredObject } from '../../core/store.js';
import { attempt, isMissing, named, unlessGone, unread } from './faults.js';
import { fileOf, folderOf } from './paths.js';
import { foldersOf, removeFolder, sweepFolder, walk } from './walk.js';
import { createFileWriter, putIfAbsent } from './writer.js';

const READ_BYTES = 262_144;

/** `root` is an absolute path; it is made when something is first written. */
export function createFileStore(root: string): Store {
  return {
    create: async (path) => createFileWriter(path, await fileOf(root, path)),
    put: async (path, bytes, options) => {
      const file = await fileOf(root, path);
      return options?.ifAbsent ? putIfAbsent(path, file, bytes) : putOver(path, file, bytes);
    },
    read: (path, range) => readFile(root, path, range),
    stat: async (path) => statFile(path, await fileOf(root, path)),
    list: (prefix) => listFolder(root, prefix),
    folders: (path) => foldersIn(root, path),
    remove: async (path) => {
      const file = await fileOf(root, path);
      await attempt(`remove ${path}`, () => unlessGone(unlink(file)));
    },
    removeAll: async (prefix) => {
      const folder = await fileOf(root, prefix);
      await attempt(`remove ${prefix}`, () => removeFolder(folder));
    },
    sweep: async (prefix) => {
      const folder = await fileOf(root, prefix);
      await attempt(`tidy ${prefix}`, () => sweepFolder(folder));
    },
    close: async () => undefined,
  };
}

async function putOver(path: string, file: string, bytes: Uint8Array): Promise<true> {
  const writer = await createFileWriter(path, file);
  try {
    await writer.write(bytes);
    await writer.commit();
  } catch (error) {
    await writer.abort().catch(() => undefined);
    throw error;
  }
  return true;
}

async function* readFile(
  root: string,
  path: string,
  range?: { start: number; end?: number },
): AsyncGenerator<Uint8Array> {
  const file = await fileOf(root, path);
  const { start = 0, end = Infinity } = range ?? {};
  try {
    if (end > start) yield* createReadStream(file, { start, end: end - 1, highWaterMark: READ_BYTES });
    else await stat(file);
  } catch (error) {
    throw unread(`read ${path}`, error);
  }
}

async function statFile(path: string, file: string): Promise<StoredObject | null> {
  try {
    const found = await stat(file);
    return found.isFile() ? { path, size: found.size } : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw named(`read ${path}`, error);
  }
}

async function* listFolder(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const folder = await folderOf(root, prefix);
  try {
    yield* walk(folder, prefix);
  } catch (error) {
    // A root that is no folder is a fault; a prefix that is none holds nothing.
    if (prefix !== '' && isMissing(error)) return;
    throw error instanceof LonghaulError ? error : named(`list ${prefix || 'the folder'}`, error);
  }
}

async function* foldersIn(root: string, path: string): AsyncGenerator<string> {
  const folder = await folderOf(root, path);
  try {
    yield* await foldersOf(folder);
  } catch (error) {
    if (path !== '' && isMissing(error)) return;
    throw named(`list ${path || 'the folder'}`, error);
  }
}
