// A folder as the target of a restore of objects. A key can never lead out of it.
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LonghaulError } from '../../core/errors.js';
import type { ObjectEntry } from '../../records/tar/entry.js';
import { safePath } from '../../records/tar/path.js';
import type { ObjectTarget } from '../objects/target.js';
import { attempt, codeOf, unlessGone } from './faults.js';
import { folderOf, stayInside, TEMPORARY } from './paths.js';
import { makeFolder, syncFolder } from './writer.js';

const FILE_MODE = 0o600;
/** Without the bits that would run a file as somebody else. */
const PERMISSIONS = 0o777;

/** `root`: of the connection; `path`: of the stream, below it. Files under way lie in a folder of the job's own. */
export function createFileTarget(root: string, path: string, job: string): ObjectTarget {
  const own = `${TEMPORARY}${createHash('sha256').update(job).digest('hex').slice(0, 16)}`;
  let known: Promise<string> | undefined;
  const folder = () => (known ??= folderOf(root, path));
  const temporary = async (handle: string) => join(await folder(), own, handle);
  /** Those with names in them that are not on disk yet. */
  const unsynced = new Set<string>();

  async function fileOf(key: string): Promise<string> {
    const base = await folder();
    const file = join(base, safePath(key, 'disk'));
    await attempt(`reach ${key}`, () => stayInside(base, file, key));
    return file;
  }

  /** Makes what is written the object, whole. */
  async function publish(from: string, key: string, replace: boolean): Promise<boolean> {
    const file = await fileOf(key);
    await makeFolder(dirname(file));
    if (replace) await rename(from, file);
    else if (!(await linked(from, file))) return false;
    unsynced.add(dirname(file));
    return true;
  }

  return {
    put: (_ctx, object, body, replace) =>
      writing(object, async () => {
        const from = await temporary(randomUUID());
        await makeFolder(dirname(from));
        await writeFile(from, 'wx', async (handle) => {
          await handle.writeFile(body);
          await finishFile(handle, object);
        });
        try {
          return await publish(from, object.key, replace);
        } finally {
          await unlessGone(unlink(from));
        }
      }),

    begin: (_ctx, object) =>
      writing(object, async () => {
        const handle = randomUUID();
        await makeFolder(dirname(await temporary(handle)));
        await writeFile(await temporary(handle), 'wx', async () => undefined);
        return handle;
      }),

    add: (_ctx, object, handle, body) =>
      writing(object, async () =>
        writeFile(await temporary(handle), 'r+', async (file) => {
          await writeAt(file, body, object.offset);
          await file.sync();
        }),
      ),

    finish: (_ctx, object, handle, replace) =>
      writing(object, async () => {
        const from = await temporary(handle);
        await writeFile(from, 'r+', (file) => finishFile(file, object));
        const isNew = await publish(from, object.key, replace);
        if (isNew) await unlessGone(unlink(from));
        return isNew;
      }),

    size: (_ctx, key) => writing({ key }, async () => sizeOf(await fileOf(key))),

    read: (_ctx, key, { offset, length }) =>
      writing({ key }, async () => {
        const handle = await open(await fileOf(key), constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
          return buffer.subarray(0, bytesRead);
        } finally {
          await handle.close();
        }
      }),

    async sync() {
      for (const made of unsynced) await unlessGone(syncFolder(made));
      unsynced.clear();
    },

    clear: async () => rm(join(await folder(), own), { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** What a name or a path cannot be, on this file system or beside what is there. */
const UNFIT = new Set(['ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'EILSEQ', 'EINVAL']);

async function writing<T>({ key }: Pick<ObjectEntry, 'key'>, step: () => Promise<T>): Promise<T> {
  return attempt(`write ${key}`, async () => {
    try {
      return await step();
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || !UNFIT.has(code)) throw error;
      throw new LonghaulError('name_unfit', `${key} cannot be the name of a file there: ${code}.`, {
        cause: error,
      });
    }
  });
}

async function writeFile(
  path: string,
  flags: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, FILE_MODE);
  try {
    await write(handle);
  } finally {
    await handle.close();
  }
}

async function writeAt(handle: FileHandle, body: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < body.length;) {
    at += (await handle.write(body, at, body.length - at, offset + at)).bytesWritten;
  }
}

/** As the object was. Times to about a microsecond, which is what Node can set. */
async function finishFile(handle: FileHandle, { mtime, mode = FILE_MODE }: ObjectEntry): Promise<void> {
  await handle.chmod(mode & PERMISSIONS);
  await handle.utimes(Number(mtime), Number(mtime));
  await handle.sync();
}

/** A link, unlike a rename, never replaces what is there. */
async function linked(from: string, file: string): Promise<boolean> {
  try {
    await link(from, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** -1: something else than a file. null: nothing. */
async function sizeOf(file: string): Promise<number | null> {
  try {
    const found = await lstat(file);
    return found.isFile() ? found.size : -1;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
