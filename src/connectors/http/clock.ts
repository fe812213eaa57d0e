// The connector's only clock.
import { setTimeout } from 'node:timers/promises';

/** Epoch ms. */
export function now(): number {
  return Date.now();
}

/** Ms on a clock that nobody sets: for measuring, not for showing. */
export function monotonic(): number {
  return performance.now();
}

/** Resolves after so many ms, or at once when `signal` aborts. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
