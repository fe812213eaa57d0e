// Chance that comes again: all of a run's choices are drawn from one seed.

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** Both ends included. */
  whole(min: number, max: number): number;
  shuffled<T>(items: readonly T[]): T[];
}

/** Mulberry32: small, and good enough to choose faults by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  const shuffled = <T>(items: readonly T[]): T[] => {
    const drawn = items.map((item) => [next(), item] as const);
    return drawn.sort(([a], [b]) => a - b).map(([, item]) => item);
  };
  return { next, whole, shuffled };
}
