// A process of the demo: its first line of JSON is awaited, the rest of its output is kept in a log file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { signal } from '../../src/dev/processes.js';

export interface Child {
  readonly pid: number;
  /** Asks it to end, and ends it by force where it does not within the time. */
  stop(graceMs: number): Promise<void>;
}

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly log: string;
  readonly signal: AbortSignal;
  /** Called with every line of standard error until the process is ready. */
  readonly onMessage?: (line: string) => void;
  /** Called as soon as there is a process to be stopped. */
  readonly onStarted: (child: Child) => void;
}

/** Starts a script of this checkout with Node and resolves with its first line of JSON. */
export async function startChild<T>(options: ChildOptions): Promise<T> {
  // A process group of its own: Ctrl-C reaches the demo alone, which then stops all in order.
  const child = spawn(process.execPath, [...options.args], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'close');
  options.onStarted({ pid: child.pid ?? 0, stop: (graceMs) => stop(child.pid, ended, graceMs) });
  const log = createWriteStream(options.log, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const messages = createInterface({ input: child.stderr }).on('line', (line) => options.onMessage?.(line));
  const lines = createInterface({ input: child.stdout });
  try {
    const [line] = (await Promise.race([
      once(lines, 'line', { signal: options.signal }),
      ended.then(([code]) => {
        throw new Error(`${options.name} ended (${String(code)}) before it was ready; see ${options.log}`);
      }),
    ])) as [string];
    return JSON.parse(line) as T;
  } finally {
    messages.removeAllListeners('line');
  }
}

async function stop(pid: number | undefined, ended: Promise<unknown>, graceMs: number): Promise<void> {
  if (pid === undefined) return;
  signal(pid, 'SIGTERM');
  const force = setTimeout(() => signal(pid, 'SIGKILL'), graceMs);
  await ended;
  clearTimeout(force);
}
