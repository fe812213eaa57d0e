// Workers that are lost in the midst of a chunk, for a server whose clock does not move while one runs: an attempt reads so
// far, then nothing that it does takes effect any more, and another one begins, as after the heartbeat timeout.
import { AsyncLocalStorage } from 'node:async_hooks';
import { ApplicationFailure } from '@temporalio/activity';
import type { Source } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';

/** One attempt at a chunk. */
interface Life {
  readonly isDoomed: boolean;
  pages: number;
}

const PAGES_OF_A_DOOMED_LIFE = 30;

/** One attempt is lost for each `everyMs` that pass: where nothing runs, as soon as something does. */
export function createLosses(everyMs: number, start: number, now: () => number) {
  const lives = new AsyncLocalStorage<Life>();
  let losses = 0;
  const isOver = (life: Life): boolean => life.isDoomed && life.pages > PAGES_OF_A_DOOMED_LIFE;
  const isDead = (): boolean => {
    const life = lives.getStore();
    return life !== undefined && isOver(life);
  };
  const isDue = (): boolean => now() >= start + (losses + 1) * everyMs;

  return {
    count: () => losses,
    reading: (source: Source): Source => ({
      ...source,
      async *read(...args) {
        const life = lives.getStore();
        for await (const page of source.read(...args)) {
          if (life) life.pages += 1;
          yield page;
        }
      },
    }),
    /** Throws once the attempt is dead. */
    writing: (store: Store): Store =>
      new Proxy(store, {
        get(target, name, receiver) {
          if (isDead()) throw new Error('this worker is lost');
          return Reflect.get(target, name, receiver) as unknown;
        },
      }),
    async during<T>(run: () => Promise<T>): Promise<T> {
      const life = { isDoomed: isDue(), pages: 0 };
      const outcome = await lives.run(life, () => run().catch((error: unknown) => ({ error })));
      if (isOver(life)) {
        losses += 1;
        throw ApplicationFailure.create({ message: 'lost', nextRetryDelay: 1 });
      }
      if (typeof outcome === 'object' && outcome !== null && 'error' in outcome) throw outcome.error;
      return outcome;
    },
  };
}
