// Records a second over the last seconds, from samples.

const WINDOW_MS = 10_000;

export interface Rate {
  sample(total: number, now: number): void;
  perSecond(): number;
}

export function createRate(): Rate {
  let samples: { total: number; now: number }[] = [];
  return {
    sample(total, now) {
      samples = [...samples.filter((s) => now - s.now <= WINDOW_MS), { total, now }];
    },
    perSecond() {
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last || last.now === first.now) return 0;
      return Math.round(((last.total - first.total) * 1_000) / (last.now - first.now));
    },
  };
}
