import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock, withLock } from '../../src/dev/lock.js';
import { isRunning, markOf } from '../../src/dev/processes.js';
import type { ProcessMark } from '../../src/dev/processes.js';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-lock-'));
  lock = join(folder, 'deeper', 'x.lock');
});
afterEach(() => rm(folder, { recursive: true }));

async function markOfDeadProcess(): Promise<ProcessMark> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const mark = await markOf(child.pid ?? -1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  if (!mark) throw new Error('the process had no mark while it ran');
  return mark;
}

describe('a lock', () => {
  it('tells the second who holds it, until it is released', async () => {
    const first = await tryLock(lock);
    expect(await tryLock(lock)).toEqual({ held: false, holder: await markOf(process.pid) });
    if (first.held) await first.release();
    expect(await tryLock(lock)).toMatchObject({ held: true });
  });

  it('is taken over from a process that is gone', async () => {
    const first = await tryLock(lock);
    if (first.held) await first.release();
    await writeFile(lock, JSON.stringify(await markOfDeadProcess()));
    expect(await tryLock(lock)).toMatchObject({ held: true });
  });

  it('is taken over when the pid of its holder belongs to another process now', async () => {
    const first = await tryLock(lock);
    if (first.held) await first.release();
    await writeFile(lock, JSON.stringify({ pid: process.pid, started: 'before' }));
    expect(await tryLock(lock)).toMatchObject({ held: true });
  });

  it('lets only one at a time do its work, also over a stale lock', async () => {
    const first = await tryLock(lock);
    if (first.held) await first.release();
    await writeFile(lock, JSON.stringify(await markOfDeadProcess()));
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all(Array.from({ length: 4 }, () => withLock(lock, () => {}, work)));
    expect(most).toBe(1);
  });
});

describe('the mark of a process', () => {
  it('is true for a process that runs and false for one that has ended', async () => {
    const own = await markOf(process.pid);
    expect(own && (await isRunning(own))).toBe(true);
    expect(await isRunning(await markOfDeadProcess())).toBe(false);
  });
});
