// One process at a time: a lock file that names its holder. The lock of a dead holder is taken over.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Runs `work` while holding the lock file `path`; waits for another holder, saying so once by `onWait(pid)`. */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = false; !tryLock(path); waited = true) {
    const holder = holderOf(path);
    if (holder !== null && !isAlive(holder)) breakLock(path, holder);
    else if (!waited) onWait(holder);
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** A link appears whole or not at all, so that nobody reads a lock without its holder. */
function tryLock(path) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holderOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Renames first: of several that find the holder dead, only one gets the file, and a new holder's lock is put back. */
function breakLock(path, deadHolder) {
  const grave = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, grave);
    if (holderOf(grave) !== deadHolder) linkSync(grave, path);
  } catch {
    return; // another process was faster
  } finally {
    rmSync(grave, { force: true });
  }
}
