// A disk of its own for the archives of a run, small enough to be filled to the last byte and emptied again.
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Job } from '../src/core/job.js';
import { mountSmallDisk } from '../test/support/small-disk.js';
import { until } from '../test/support/until.js';

export interface Disk {
  readonly folder: string;
  /** Throws where something is left. */
  fill(): Promise<void>;
  empty(): Promise<void>;
  /** Whether a job that was started or retried at a time, as of `performance.now()`, may have ended as it did for want of space. */
  excuses(job: Job, since: number): boolean;
  /** Jobs that ended so. */
  endings(): number;
  /** Resolves when no fault fills it any more. */
  emptied(): Promise<void>;
  close(): Promise<void>;
}

const SIZE_MB = 256;
/** Until a job has met it, at the latest. */
const FULL_MS = 400_000;
const BLOCK = Buffer.alloc(1_048_576);

export async function mountDisk(): Promise<Disk> {
  const disk = await mountSmallDisk(`size=${SIZE_MB}m`);
  const filler = path.join(disk.folder, '.filler');
  let endings = 0;
  let full = false;
  let lastFull = -Infinity;
  return {
    folder: disk.folder,
    async fill() {
      full = true;
      await fillUp(filler);
    },
    async empty() {
      await rm(filler, { force: true });
      full = false;
      lastFull = performance.now();
    },
    excuses({ state, error }, since) {
      const excused = state === 'failed' && error?.code === 'disk_full' && (full || lastFull > since);
      if (excused) endings += 1;
      return excused;
    },
    endings: () => endings,
    emptied: async () => void (await until('the disk has room', () => !full, { timeoutMs: FULL_MS })),
    close: () => disk.unmount(),
  };
}

async function fillUp(filler: string): Promise<void> {
  const file = await open(filler, 'a');
  try {
    for (let block = 0; block <= SIZE_MB; block += 1) await file.appendFile(BLOCK);
    throw new Error('the disk does not fill');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}
