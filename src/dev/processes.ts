// Processes by their pid. A pid alone is not enough to know one by, since pids are used again: its start time is.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that can be found again, and not mistaken for another. */
export interface ProcessMark {
  readonly pid: number;
  readonly started: string;
}

export async function markOf(pid: number): Promise<ProcessMark | null> {
  const started = await startOf(pid);
  return started === null ? null : { pid, started };
}

/** Whether that very process still runs. A zombie does not. */
export async function isRunning(mark: ProcessMark): Promise<boolean> {
  return (await startOf(mark.pid)) === mark.started;
}

/** Asks it to end, and kills it where it has not after `graceMs`. Resolves when it is gone. */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  signal(mark.pid, 'SIGTERM');
  while (await isRunning(mark)) {
    if (performance.now() > deadline) signal(mark.pid, 'SIGKILL');
    await delay(50);
  }
}

/** Harmless where the process is gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** When a process started, in a form that differs between two with one pid; null where none runs. */
async function startOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
}

/** Fields of /proc/PID/stat after the command in parentheses: the state first, the start in clock ticks as the 20th. */
async function startOnLinux(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

async function startByPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    return /^\s*[^Z\s]\S*\s+(.+?)\s*$/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}
