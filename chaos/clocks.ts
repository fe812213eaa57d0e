// Clocks of workers, which can be set: chaos/preload.mjs reads what is written here.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/dev/root.js';
import { until } from '../test/support/until.js';

export interface Clocks {
  /** Of the processes whose clocks can be set. */
  readonly env: Readonly<Record<string, string>>;
  /** Adds ms to the clock of a process; answers whether it has felt that, within a few seconds. */
  shift(pid: number, ms: number): Promise<boolean>;
  /** Sets it right again. */
  right(pid: number): Promise<void>;
}

const FELT_WITHIN_MS = 5_000;

/** `folder` is there. `temporal`: where the workers find Temporal. */
export function createClocks(folder: string, temporal: string): Clocks {
  const preload = pathToFileURL(path.join(packageRoot(), 'chaos', 'preload.mjs')).href;
  const fileOf = (pid: number) => path.join(folder, String(pid));
  const felt = (pid: number) => readFile(`${fileOf(pid)}.felt`, 'utf8').catch(() => '');
  return {
    env: { NODE_OPTIONS: `--import=${preload}`, CHAOS_TEMPORAL: temporal, CHAOS_CLOCKS: folder },
    async shift(pid, ms) {
      await writeFile(fileOf(pid), String(ms));
      const asked = async () => (await felt(pid)) === String(ms);
      return until('the clock is felt', asked, { timeoutMs: FELT_WITHIN_MS }).catch(() => false);
    },
    right: (pid) => rm(fileOf(pid), { force: true }),
  };
}
