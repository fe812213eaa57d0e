// The engine's only clock.
import { setTimeout } from 'node:timers/promises';

export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Resolves after so many ms, or at once when `stop` aborts. */
  sleep(ms: number, stop: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, stop) {
    await setTimeout(ms, undefined, { signal: stop }).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
  },
};
