// Keeps one child process running: starts it again when it ends, with growing pauses, until it is told to stop.
import { setTimeout as delay } from 'node:timers/promises';
import { describeExit } from './child.js';
import type { Child } from './child.js';
import type { Say } from './say.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Who ran for so long was well: the next pause is the first again. */
const HEALTHY_AFTER_MS = 5_000;

export interface ServiceOptions {
  readonly name: string;
  /** Starts the process and resolves when it does its work. Rejects, leaving none behind, where it does not. */
  readonly start: (onSpawn: (child: Child) => Promise<void>) => Promise<Child>;
  /** Told of every new process at once, before it is ready. */
  readonly onSpawn: (child: Child) => Promise<void>;
  readonly say: Say;
}

export interface Service {
  readonly name: string;
  /** The first start. Rejects where it fails: then nothing is tried again. */
  begin(): Promise<void>;
  /** Null before the first start. */
  pid(): number | null;
  /** Asks the process to end, kills it after `graceMs`; resolves when it is gone for good. */
  stop(graceMs: number): Promise<void>;
  /** Without grace. */
  kill(): void;
}

export function createService(options: ServiceOptions): Service {
  const { name, say } = options;
  const stopping = new AbortController();
  let current: Child | null = null;
  let keeping: Promise<void> = Promise.resolve();

  const start = (): Promise<Child> =>
    options.start(async (child) => {
      current = child;
      if (stopping.signal.aborted) child.kill();
      await options.onSpawn(child);
    });

  const startAgain = async (pauseMs: number): Promise<Child | null> => {
    await delay(pauseMs, undefined, { signal: stopping.signal });
    try {
      return await start();
    } catch (error) {
      if (!stopping.signal.aborted) say(`${name} did not start: ${(error as Error).message}`);
      return null;
    }
  };

  const keepRunning = async (first: Child): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    for (let child: Child | null = first; !stopping.signal.aborted;) {
      const began = performance.now();
      const how = child ? describeExit(await child.exited) : 'did not start';
      if (stopping.signal.aborted) return;
      if (performance.now() - began > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      say(`${name} ${how}; starting it again in ${pauseMs / 1000} s`);
      child = await startAgain(pauseMs);
      if (child) say(`${name} runs again (process ${child.pid})`);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };

  return {
    name,
    pid: () => current?.pid ?? null,
    async begin() {
      const first = await start();
      keeping = keepRunning(first).catch(ignoreAbort);
    },
    async stop(graceMs) {
      stopping.abort();
      if (current) await current.stop(graceMs);
      await keeping;
    },
    kill: () => current?.kill(),
  };
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
