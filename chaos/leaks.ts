// What the processes of a Longhaul hold open while nothing runs, and whether a round of jobs has left more of it. Linux only.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { LonghaulInstance } from '../test/support/harness.js';
import { descendants } from '../test/support/processes.js';

export interface Holding {
  readonly name: 'API' | 'worker';
  /** Open files, sockets included. */
  readonly files: number;
  readonly sockets: number;
  /** Bytes of resident memory. */
  readonly memory: number;
}

/** By pid. */
export type Holdings = ReadonlyMap<number, Holding>;

/** Connections that are kept for a while come and go; a leak of one for each chunk is more than this in a round. */
const MORE_FILES = 6;
const QUIET_LOOKS = 4;
const MOST_LOOKS = 40;
const LOOK_EVERY_MS = 500;

/** Looks until nothing changes any more, 20 s at most. */
export async function holdingsOf(longhaul: LonghaulInstance): Promise<Holdings> {
  let last = await look(longhaul);
  let same = 0;
  for (let looks = 0; looks < MOST_LOOKS && same < QUIET_LOOKS; looks += 1) {
    await pause(LOOK_EVERY_MS);
    const now = await look(longhaul);
    same = filesIn(now) === filesIn(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** Throws where a process is another one, or holds more than a little more. */
export function expectNoMore(before: Holdings, after: Holdings): void {
  for (const [pid, { name, files }] of before) {
    const now = after.get(pid);
    if (!now) throw new Error(`${name} ${pid} ended while nothing was done to it`);
    if (now.files > files + MORE_FILES)
      throw new Error(`${name} ${pid} held ${files} files open, and ${now.files} after another round`);
  }
}

async function look({ launcher }: LonghaulInstance): Promise<Holdings> {
  const rows = await descendants(launcher.pid);
  const found = rows.flatMap(({ pid, command }) => {
    const name = /longhaul\S* (api|worker) /.exec(command)?.[1];
    return name ? [[pid, name === 'api' ? 'API' : 'worker'] as const] : [];
  });
  return new Map(
    await Promise.all(found.map(async ([pid, name]) => [pid, await holdingOf(pid, name)] as const)),
  );
}

async function holdingOf(pid: number, name: Holding['name']): Promise<Holding> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')),
  );
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    name,
    files: links.length,
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    memory: Number(kilobytes) * 1_024,
  };
}

const filesIn = (holdings: Holdings): string =>
  [...holdings].map(([pid, { files }]) => `${pid} ${files}`).join();
