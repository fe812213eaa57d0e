// Keeps the number of open sessions of one connection at its limit.
import type { Context } from '../../core/connector.js';
import { Stopped } from '../../core/errors.js';

export interface Slots {
  /** Resolves with the function that gives the slot back. Throws `Stopped` once `ctx.stop` aborts. */
  acquire(ctx: Context): Promise<() => void>;
}

export function createSlots(limit = Infinity): Slots {
  let taken = 0;
  const waiting = new Set<() => void>();
  const release = () => {
    const [next] = waiting;
    if (next) next();
    else taken -= 1;
  };
  return {
    async acquire(ctx) {
      if (taken < limit) taken += 1;
      else await turn(waiting, ctx);
      return release;
    },
  };
}

/** Resolves when a slot is handed over. */
function turn(waiting: Set<() => void>, { stop }: Context): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.delete(take);
      stop.removeEventListener('abort', refuse);
    };
    const take = () => {
      leave();
      resolve();
    };
    const refuse = () => {
      leave();
      reject(new Stopped('stopped before a session was free'));
    };
    waiting.add(take);
    stop.addEventListener('abort', refuse);
    if (stop.aborted) refuse();
  });
}
