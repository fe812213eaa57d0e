// Two listings side by side: each object of the one with what has its key in the other.
import { compareKeys, type ListedObject } from '../objects/tree.js';

export interface Paired extends ListedObject {
  /** What has the key there; null: nothing. */
  readonly there: ListedObject | null;
}

type Listing = AsyncIterable<readonly ListedObject[]>;

/** In pages of the first listing. Both are in the order of `compareKeys`. */
export async function* paired(objects: Listing, others: Listing): AsyncGenerator<readonly Paired[]> {
  const cursor = createCursor(others);
  try {
    for await (const page of objects) {
      const pairs: Paired[] = [];
      for (const object of page) pairs.push({ ...object, there: await cursor.find(object.key) });
      yield pairs;
    }
  } finally {
    await cursor.close();
  }
}

function createCursor(listing: Listing) {
  const pages = listing[Symbol.asyncIterator]();
  let page: readonly ListedObject[] = [];
  let at = 0;
  let ended = false;
  return {
    /** Keys have to come in ascending order. */
    async find(key: string): Promise<ListedObject | null> {
      for (;;) {
        while (at < page.length && compareKeys(page[at]!.key, key) < 0) at += 1;
        const found = page[at];
        if (found) return found.key === key ? found : null;
        if (ended) return null;
        const step = await pages.next();
        ended = step.done === true;
        [page, at] = [step.done ? [] : step.value, 0];
      }
    },
    close: async () => void (await pages.return?.()),
  };
}
