// How long the API waits for Temporal: whoever asks wants to know sooner than Temporal's client gives up by itself.
import type { Client } from '@temporalio/client';
import { LonghaulError } from '../core/errors.js';

/** Gives the calls to Temporal in `work` a common deadline. Throws `temporal_unreachable` in under three seconds. */
export type Soon = <T>(work: () => Promise<T>) => Promise<T>;

/** After this no call is begun or waited for. */
const DEADLINE_MS = 2_000;
/** The client may sleep past the deadline between two attempts; this is when nobody waits for that any more. */
const LIMIT_MS = 2_400;

export function createSoon(client: Client, clock: () => number): Soon {
  return async (work) => {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late()), LIMIT_MS);
    });
    try {
      return await Promise.race([client.withDeadline(clock() + DEADLINE_MS, work), limit]);
    } finally {
      clearTimeout(timer);
    }
  };
}

function late(): LonghaulError {
  return new LonghaulError('temporal_unreachable', 'Temporal cannot be used: it does not answer.');
}
