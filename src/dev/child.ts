// A child process of the launcher: its output goes to a log and can be quoted, its readiness and end can be awaited.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LonghaulError } from '../core/errors.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Opens an IPC channel: the child says `{event: 'ready'}` on it, and ends by itself when it breaks. */
  readonly ipc: boolean;
  /** Takes each line of its output. */
  readonly output: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  /** Resolves at the child's `{event: 'ready'}`. Never rejects. */
  readonly saidReady: Promise<void>;
  isRunning(): boolean;
  /** Its last lines on stderr. */
  tail(): string;
  /** Asks it to end and kills it after `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Harmless where it is gone already. */
  kill(): void;
}

const TAIL_LINES = 12;
const OUTPUT_GRACE_MS = 500;

/** The child leads a process group of its own, so that Ctrl-C at a terminal reaches the launcher only. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(options.command, options.args, {
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
  });
  const tail: string[] = [];
  readLines(child.stdout, (line) => options.output(line, 'stdout'));
  readLines(child.stderr, (line) => {
    options.output(line, 'stderr');
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  });
  const exited = untilExit(child);
  const pid = await pidOf(child, options);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const send = (name: NodeJS.Signals): void => {
    if (isRunning()) child.kill(name);
  };
  return {
    name: options.name,
    pid,
    exited,
    saidReady: readyMessage(child),
    isRunning,
    tail: () => tail.join('\n'),
    stop: (graceMs) => stop(send, exited, graceMs),
    kill: () => send('SIGKILL'),
  };
}

/** For messages: how a child ended. */
export function describeExit({ code, signal: name }: Exit): string {
  return name ? `ended by ${name}` : `ended with exit code ${code}`;
}

function readLines(stream: Readable | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', take);
}

async function pidOf(child: ChildProcess, { name, command }: ChildOptions): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
  throw new LonghaulError('start_failed', `${name} cannot be started: ${command}: ${cause.message}`, {
    cause,
  });
}

/** Waits for the end of its output as well, unless somebody else holds that open. */
function untilExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    const settle = (): void => resolve({ code: child.exitCode, signal: child.signalCode });
    child.once('close', settle);
    child.once('exit', () => setTimeout(settle, OUTPUT_GRACE_MS).unref());
  });
}

function readyMessage(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.on('message', (message) => {
      if ((message as { event?: unknown }).event === 'ready') resolve();
    }),
  );
}

async function stop(
  send: (name: NodeJS.Signals) => void,
  exited: Promise<Exit>,
  graceMs: number,
): Promise<void> {
  send('SIGTERM');
  const killer = setTimeout(() => send('SIGKILL'), graceMs);
  await exited;
  clearTimeout(killer);
}
