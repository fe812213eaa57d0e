// How fast a connection may ask: one token bucket and one limit of requests in flight for everything opened from it.
import type { Context } from '../../core/connector.js';
import { Stopped } from '../../core/errors.js';
import { monotonic, now, sleep } from './clock.js';

/** Makes one request when its turn comes. Throws `Stopped`, having asked for nothing, if the context stops first. */
export type Limiter = <T>(ctx: Context, request: () => Promise<T>) => Promise<T>;

interface Limits {
  readonly requestsPerSecond?: number | undefined;
  readonly concurrency?: number | undefined;
}

export function createLimiter({ requestsPerSecond, concurrency }: Limits): Limiter {
  const slots = createSlots(concurrency ?? Infinity);
  const turn = createPacer(requestsPerSecond ?? Infinity);
  return async (ctx, request) => {
    throwIfStopped(ctx);
    // Before a slot is taken: other jobs of the connection are not held up by the pace of this one.
    await ctx.turn?.();
    await slots.take(ctx.stop);
    try {
      await turn(ctx);
      throwIfStopped(ctx);
      return await request();
    } finally {
      slots.give();
    }
  };
}

export function throwIfStopped(ctx: Context): void {
  if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
}

/** Longer waits are shown. */
const NOTABLE_MS = 1_000;

/** Requests come evenly, with a burst of a tenth of a second's worth after a lull (GCRA). */
function createPacer(perSecond: number): (ctx: Context) => Promise<void> {
  const interval = 1_000 / perSecond;
  const burst = Math.max(0, perSecond / 10 - 1) * interval;
  let nextDue = -Infinity;
  return async (ctx) => {
    if (perSecond === Infinity) return;
    const due = Math.max(nextDue, monotonic() - burst);
    nextDue = due + interval;
    const ms = due - monotonic();
    if (ms > 0) await waitForLimit(ctx, ms);
  };
}

/** Resolves after so many ms, or at once when the context stops. */
export async function waitForLimit(ctx: Context, ms: number): Promise<void> {
  if (ms > NOTABLE_MS) ctx.meter.waiting(now() + ms, 'rate limit');
  await sleep(ms, ctx.stop);
  if (ms > NOTABLE_MS) ctx.meter.waiting(null, 'rate limit');
}

interface Slots {
  /** Throws `Stopped`, holding nothing, if `stop` aborts the wait. */
  take(stop: AbortSignal): Promise<void>;
  give(): void;
}

function createSlots(count: number): Slots {
  let free = count;
  const queue = new Set<() => void>();
  return {
    async take(stop) {
      if (free > 0) free -= 1;
      else await inQueue(queue, stop);
    },
    give() {
      const [first] = queue;
      if (first) first();
      else free += 1;
    },
  };
}

/** Waits to be handed somebody's slot. */
function inQueue(queue: Set<() => void>, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const handOver = () => {
      leave();
      resolve();
    };
    const giveUp = () => {
      leave();
      reject(new Stopped());
    };
    const leave = () => {
      queue.delete(handOver);
      stop.removeEventListener('abort', giveUp);
    };
    queue.add(handOver);
    stop.addEventListener('abort', giveUp);
  });
}
