// A file system of its own for a test: of a chosen size, writable or not. Needs root.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  readonly folder: string;
  /** Mount options, such as `size=1m` or `ro`. */
  remount(options: string): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts a tmpfs on a new folder; `options` as of mount(8). */
export async function mountSmallDisk(options: string): Promise<SmallDisk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'small-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  return {
    folder,
    remount: async (changed) => void (await run('mount', ['-o', `remount,${changed}`, folder])),
    unmount: async () => {
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Why that cannot be done here; null where it can. */
export async function cannotMount(): Promise<string | null> {
  try {
    await (await mountSmallDisk('size=64k')).unmount();
    return null;
  } catch {
    return 'needs the right to mount a tmpfs';
  }
}
