// Meeting points in tests: wait until something has happened, or let something wait until the test says so.

export interface Bell {
  ring(): void;
  /** Resolves at the next ring. */
  heard(): Promise<void>;
}

export function createBell(): Bell {
  let waiting: (() => void)[] = [];
  return {
    ring() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    heard: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

export interface Hold {
  /** Resolves when so many requests stand waiting (default 1). */
  reached(requests?: number): Promise<void>;
  /** Answers those that wait, and holds no more. */
  release(): void;
}

export interface Gate extends Hold {
  /** Resolves at once for another stream, for the first `after` requests, and once released. */
  pass(stream: string): Promise<void>;
}

export function createGate(stream: string, after: number): Gate {
  const arrivals = createBell();
  const opening = createBell();
  const state = { left: after, standing: 0, open: false };
  return {
    async pass(asked) {
      if (asked !== stream || state.open || state.left-- > 0) return;
      state.standing += 1;
      arrivals.ring();
      await opening.heard();
    },
    async reached(requests = 1) {
      while (state.standing < requests) await arrivals.heard();
    },
    release() {
      state.open = true;
      opening.ring();
    },
  };
}
