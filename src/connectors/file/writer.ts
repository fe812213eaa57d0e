// Writes one file whole or not at all: temporary file, fsync, rename or link, fsync of the folder.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectWriter } from '../../core/store.js';
import { attempt, codeOf, unlessGone } from './faults.js';
import { TEMPORARY } from './paths.js';

/** For its owner alone: archives hold user data. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** `path` is the object's, for messages; `file` is where it goes. */
export async function createFileWriter(path: string, file: string): Promise<ObjectWriter> {
  const temporary = join(dirname(file), `${TEMPORARY}${randomUUID()}`);
  const handle = await attempt(`write ${path}`, () => openIn(temporary));
  let closed = false;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await handle.close();
  }

  return {
    write: (bytes) => attempt(`write ${path}`, () => handle.writeFile(bytes)),
    commit: () =>
      attempt(`write ${path}`, async () => {
        await handle.sync();
        await close();
        await rename(temporary, file);
        await syncFolder(dirname(file));
      }),
    abort: () =>
      attempt(`remove what was written of ${path}`, async () => {
        await close();
        await unlessGone(unlink(temporary));
      }),
  };
}

/** Writes a small file at once where none is; `false` where one is. Of two at the same time, one wins. */
export async function putIfAbsent(path: string, file: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = join(dirname(file), `${TEMPORARY}${randomUUID()}`);
  return attempt(`write ${path}`, async () => {
    const handle = await openIn(temporary);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
      return await linked(temporary, file);
    } finally {
      await handle.close();
      await unlessGone(unlink(temporary));
    }
  });
}

/** A link, unlike a rename, never replaces what is there. */
async function linked(temporary: string, file: string): Promise<boolean> {
  try {
    await link(temporary, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await syncFolder(dirname(file));
  return true;
}

/** Another process may remove an emptied folder between the two steps, so they are tried again. */
async function openIn(temporary: string, tries = 5): Promise<FileHandle> {
  await makeFolder(dirname(temporary));
  try {
    return await open(temporary, 'wx', FILE_MODE);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || tries <= 1) throw error;
    return openIn(temporary, tries - 1);
  }
}

/** A new folder lasts only once its parent is on disk. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await makeFolders(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** On a read-only file system Node's recursive mkdir says ENOENT; a plain one says why. */
async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    if (codeOf(error) === 'ENOENT' && path !== undefined) await mkdir(path, { mode: FOLDER_MODE });
    throw error;
  }
}
