// Which objects of a listing an earlier backup holds as they are now: both are walked side by side, in the order of keys.
import type { KnownObject } from '../../core/known.js';
import { Stopped } from '../../core/errors.js';
import { compareKeys, type ListedObject } from './tree.js';

export interface Unchanged {
  /** What is known of it; null: it is new, or has changed. To be asked in the order of keys. */
  of(object: ListedObject): Promise<KnownObject | null>;
  close(): Promise<void>;
}

/** Throws `Stopped` once `stop` aborts: of what is known, much may be gone. */
export function createUnchanged(known: AsyncIterable<KnownObject>, stop: AbortSignal): Unchanged {
  const iterator = known[Symbol.asyncIterator]();
  let next: KnownObject | null | undefined;

  async function advance(): Promise<KnownObject | null> {
    if (stop.aborted) throw new Stopped();
    const step = await iterator.next();
    return step.done ? null : step.value;
  }

  return {
    async of(object) {
      next = next === undefined ? await advance() : next;
      while (next !== null && compareKeys(next.key, object.key) < 0) next = await advance();
      return next !== null && isSame(next, object) ? next : null;
    },
    close: async () => void (await iterator.return?.(undefined)),
  };
}

/** Some servers give objects no ETag: those say nothing. Times of listings can be finer than those of objects. */
function isSame(known: KnownObject, { key, size, version, mtime }: ListedObject): boolean {
  const isOfTime = mtime === undefined || Math.floor(mtime) === Math.floor(Number(known.mtime));
  return known.key === key && known.size === size && version !== '' && known.version === version && isOfTime;
}
