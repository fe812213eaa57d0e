// Comparing long lists in tests, with a failure that can be read.

export interface Difference {
  readonly lengths: readonly [number, number];
  /** The first index at which they differ, and what stands there. */
  readonly at: number;
  readonly values: readonly [unknown, unknown];
}

/** Null where both hold the same texts in the same order. */
export function firstDifference(kept: readonly string[], told: readonly string[]): Difference | null {
  const longest = Math.max(kept.length, told.length);
  for (let at = 0; at < longest; at++) {
    if (kept[at] !== told[at]) {
      return { lengths: [kept.length, told.length], at, values: [kept[at], told[at]] };
    }
  }
  return null;
}
