// Reads one page ahead, so that the source works while the sink does.
import type { Page } from '../core/connector.js';
import { Stopped } from '../core/errors.js';

/**
 * The pages, the next one already asked for while one is used that `readsAhead` says yes to. Once `stop` aborts no page is asked for any more; the one
 * on its way is still delivered, so that nothing is fetched twice; then it throws `Stopped`.
 */
export async function* prefetch(
  pages: AsyncIterable<Page>,
  stop: AbortSignal,
  readsAhead: (page: Page) => boolean,
): AsyncGenerator<Page> {
  const iterator = pages[Symbol.asyncIterator]();
  let coming: Promise<IteratorResult<Page>> | null = null;
  const ask = (): Promise<IteratorResult<Page>> => {
    const asked = iterator.next();
    asked.catch(() => undefined); // thrown where it is awaited, which may be later
    return asked;
  };
  try {
    coming = stop.aborted ? null : ask();
    while (coming) {
      const { value, done } = await coming;
      if (done) return;
      coming = stop.aborted || value.next === null || !readsAhead(value) ? null : ask();
      yield value;
      if (value.next === null) return;
      coming ??= stop.aborted ? null : ask();
    }
    throw new Stopped('told to stop between pages');
  } finally {
    await letGo(iterator);
  }
}

/** Ends a reading. What was read is whole: however the source fails to let go, it must not hide how the reading went. */
export async function letGo(pages: AsyncIterator<Page>): Promise<void> {
  await pages.return?.().catch(() => undefined);
}
