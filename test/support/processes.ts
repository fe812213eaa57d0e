// Real child processes: started with their output kept, watched by pid, ended by pid.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { until } from './until.js';

const run = promisify(execFile);

export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Exit code, or the name of the signal that ended it; undefined while it runs. */
  readonly ended: () => number | string | undefined;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Starts a process with its output kept. It is sent SIGTERM should the test process end before it. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): Started {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  let failed: string | undefined;
  child.on('error', (error) => (failed = error.message));
  const endWithTests = (): boolean => child.kill('SIGTERM');
  process.once('exit', endWithTests);
  child.once('exit', () => process.off('exit', endWithTests));
  return {
    pid: child.pid ?? -1,
    child,
    ended: () => failed ?? child.exitCode ?? child.signalCode ?? undefined,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
  };
}

/** Waits for something in a process's output; an early end of the process is an error that shows that output. */
export async function outputOf<T>(
  process: Started,
  what: string,
  find: () => T | undefined,
  timeoutMs = 60_000,
): Promise<T> {
  const seen = (): string => `${process.stdout()}\n${process.stderr()}`.slice(-4_000);
  return until(
    what,
    () => {
      const found = find();
      if (found === undefined && process.ended() !== undefined) {
        throw new Error(`ended (${process.ended()}) before: ${what}\n${seen()}`);
      }
      return found;
    },
    { timeoutMs, seen },
  );
}

/** Sends a signal and waits until the process is gone. */
export async function end(
  { child, ended }: Started,
  signal: NodeJS.Signals = 'SIGTERM',
  timeoutMs = 20_000,
): Promise<void> {
  if (ended() !== undefined) return;
  child.kill(signal);
  await until(`process ${child.pid} ends after ${signal}`, () => ended() !== undefined, { timeoutMs });
}

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes below one, zombies left out. */
export async function descendants(root: number): Promise<ProcessRow[]> {
  const all = await processTable();
  const below = (parent: number): ProcessRow[] =>
    all.flatMap((row) => (row.parent === parent ? [row, ...below(row.pid)] : []));
  return below(root);
}

/** Whether a process runs; a zombie does not. */
export async function alive(pid: number): Promise<boolean> {
  return (await processTable()).some((row) => row.pid === pid);
}

/** Kills by pid and waits until the process is gone. Fails where there was nothing to kill. */
export async function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  process.kill(pid, signal);
  await until(`process ${pid} is gone after ${signal}`, async () => !(await alive(pid)), {
    timeoutMs: 20_000,
  });
}

async function processTable(): Promise<ProcessRow[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match || match[3]?.startsWith('Z')) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), command: match[4] ?? '' }];
  });
}

/** Local ports of the TCP connections of a process. Linux only. */
export async function portsOf(pid: number): Promise<number[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).filter(Boolean));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
  return rows.filter((row) => inodes.has(row[9])).map((row) => Number.parseInt(row[1]!.split(':')[1]!, 16));
}
