// Does things side by side, some at a time, and begins no more once one has failed.

export interface Done<R> {
  /** What was done before the first that was not, in order. */
  readonly results: readonly R[];
  /** The failure that came first in time; absent: all was done. */
  readonly failure?: { readonly error: unknown };
}

/** Resolves when nothing is under way any more. `failed` is told at once. */
export async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
  failed: () => void,
): Promise<Done<R>> {
  const results: { readonly result: R }[] = [];
  const waiting = items.entries();
  let failure: { error: unknown } | undefined;

  async function worker(): Promise<void> {
    for (const [place, item] of waiting) {
      if (failure) return;
      try {
        results[place] = { result: await work(item) };
      } catch (error) {
        failure ??= { error };
        failed();
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  const gap = results.findIndex((done) => done === undefined);
  const whole = results.slice(0, gap === -1 ? results.length : gap).map(({ result }) => result);
  return failure ? { results: whole, failure } : { results: whole };
}
