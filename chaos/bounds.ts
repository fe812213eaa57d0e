// What the figures of a run are held to.
import { quantile } from '../bench/support/tables.js';
import type { Outcome } from './run.js';

const HEARTBEAT_TIMEOUT_MS = 5_000;
export const RECOVERY_P99_MS = HEARTBEAT_TIMEOUT_MS + 5_000;
export const REPEATED_PERCENT = 2;
/** A shorter run has too few faults for shares of a hundred. */
const ENOUGH_MS = 600_000;
const HOUR_MS = 3_600_000;
/** Of an hour. */
const LEAST = { faults: 200, kinds: 12, jobs: 30 };

export const repeatedPercent = ({ pages, repeated }: Outcome): number =>
  (100 * repeated) / Math.max(1, pages);

export const jobsIn = ({ jobs }: Outcome): number => [...jobs.values()].reduce((sum, n) => sum + n, 0);

/** ms. */
export function recoveryOf({ recoveries }: Outcome, share: number): number {
  return quantile(
    recoveries.map(({ ms }) => ms),
    share,
  );
}

/** A sentence for each bound that is broken. Ten minutes are held to shares, an hour to numbers as well. */
export function broken(outcome: Outcome, ms: number): string[] {
  return [...(ms >= ENOUGH_MS ? shares(outcome) : []), ...(ms >= HOUR_MS ? numbers(outcome) : [])];
}

function shares(outcome: Outcome): string[] {
  const p99 = recoveryOf(outcome, 0.99);
  const percent = repeatedPercent(outcome);
  return [
    ...(p99 > RECOVERY_P99_MS ? [`recovery p99 is ${p99.toFixed(0)} ms, over ${RECOVERY_P99_MS} ms`] : []),
    ...(percent > REPEATED_PERCENT
      ? [`${percent.toFixed(2)} % of pages were served again, over ${REPEATED_PERCENT} %`]
      : []),
  ];
}

function numbers(outcome: Outcome): string[] {
  const { faults } = outcome;
  const found = { faults: faults.length, kinds: new Set(faults).size, jobs: jobsIn(outcome) };
  return (Object.keys(LEAST) as (keyof typeof LEAST)[])
    .filter((what) => found[what] < LEAST[what])
    .map((what) => `${found[what]} ${what}, and at least ${LEAST[what]} were wanted`);
}
