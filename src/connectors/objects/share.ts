// Room for bytes that many want to hold at once.

export interface Share {
  /** Runs `use` when there is room for that many bytes, or for all that there are. */
  hold<T>(bytes: number, use: () => Promise<T>): Promise<T>;
}

export function createShare(all: number): Share {
  let free = all;
  let waiting: (() => void)[] = [];

  function release(bytes: number): void {
    free += bytes;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  return {
    async hold(bytes, use) {
      const wanted = Math.min(bytes, all);
      const isFull = (): boolean => free < wanted;
      while (isFull()) await new Promise<void>((wake) => waiting.push(wake));
      free -= wanted;
      try {
        return await use();
      } finally {
        release(wanted);
      }
    },
  };
}
