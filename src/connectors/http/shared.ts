// Work that several wait for and one does.
import { Stopped } from '../../core/errors.js';

/** Waits for something shared that goes on for others when this one is told to stop. */
export function orStopped<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Stopped());
    signal.addEventListener('abort', onAbort);
    void shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** What is being made under a key is waited for; whoever finds nothing being made makes it. */
export type Shared<T> = (key: string, stop: AbortSignal, make: () => Promise<T>) => Promise<T>;

export function createShared<T>(): Shared<T> {
  const underWay = new Map<string, Promise<T>>();

  function begin(key: string, make: () => Promise<T>): Promise<T> {
    const making = make().finally(() => underWay.delete(key));
    underWay.set(key, making);
    return making;
  }

  return async (key, stop, make) => {
    for (;;) {
      if (stop.aborted) throw new Stopped();
      try {
        return await orStopped(underWay.get(key) ?? begin(key, make), stop);
      } catch (error) {
        // The one that made it was told to stop; this one was not, and makes it anew.
        if (!(error instanceof Stopped) || stop.aborted) throw error;
      }
    }
  };
}
