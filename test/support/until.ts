// Waiting in tests: for a condition, never for a time.
import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 60,000. */
  readonly timeoutMs?: number;
  /** Pause between two probes. Default 25. */
  readonly everyMs?: number;
  /** Said when time runs out: what was seen instead. */
  readonly seen?: () => string;
}

/** Probes until the answer is neither `undefined` nor `false`, and returns it. An error of the probe ends the wait. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, everyMs = 25, seen }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain: ${what}${seen ? `\nseen: ${seen()}` : ''}`);
    }
    await pause(everyMs);
  }
}
