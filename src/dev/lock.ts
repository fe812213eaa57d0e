// A lock file that names the process that holds it. The lock of a process that is gone is taken over.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, markOf } from './processes.js';
import type { ProcessMark } from './processes.js';

export type LockAttempt =
  { readonly held: true; release(): Promise<void> } | { readonly held: false; readonly holder: ProcessMark };

/** Takes the lock, or tells who has it. Creates the folder of `path`. */
export async function tryLock(path: string): Promise<LockAttempt> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    if (await create(path)) return { held: true, release: () => rm(path, { force: true }) };
    const holder = await readHolder(path);
    if (holder && (await isRunning(holder))) return { held: false, holder };
    if (holder) await bury(path, holder);
  }
}

/** Runs `work` while holding the lock; waits for another holder, and says so once by `onWait`. */
export async function withLock<T>(
  path: string,
  onWait: (holder: ProcessMark) => void,
  work: () => Promise<T>,
): Promise<T> {
  let attempt = await tryLock(path);
  if (!attempt.held) onWait(attempt.holder);
  while (!attempt.held) {
    await delay(200);
    attempt = await tryLock(path);
  }
  try {
    return await work();
  } finally {
    await attempt.release();
  }
}

/** A link appears whole or not at all, so that nobody reads a lock without its holder. */
async function create(path: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(await markOf(process.pid)));
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(path: string): Promise<ProcessMark | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessMark;
  } catch {
    return null; // released meanwhile
  }
}

/** Renames first: of several that find the holder gone, one gets the file; a new holder's lock is put back. */
async function bury(path: string, gone: ProcessMark): Promise<void> {
  const grave = `${path}.${randomUUID()}`;
  try {
    await rename(path, grave);
    const buried = await readHolder(grave);
    if (buried?.pid !== gone.pid || buried.started !== gone.started) await link(grave, path);
  } catch {
    return; // another process was faster
  } finally {
    await rm(grave, { force: true });
  }
}
