// What the figures of a run are held to.
import { quantile } from '../bench/support/tables.js';
import type { Outcome } from './run.js';

const HEARTBEAT_TIMEOUT_MS = 5_000;
export const RECOVERY_P99_MS = HEARTBEAT_TIMEOUT_MS + 5_000;
export const REPEATED_PERCENT = 2;
const HOUR_MS = 3_600_000;
/** Of an hour. */
const LEAST = { faults: 200, kinds: 12, jobs: 30 };

export const repeatedPercent = ({ pages, repeated }: Outcome): number =>
  (100 * repeated) / Math.max(1, pages);

export const jobsIn = ({ jobs }: Outcome): number => [...jobs.values()].reduce((sum, n) => sum + n, 0);

/** A sentence for each bound that is broken. A run of less than an hour is held to no number of faults and jobs. */
export function broken(outcome: Outcome, ms: number): string[] {
  const { faults, recoveries } = outcome;
  const p99 = quantile(recoveries, 0.99);
  const least = (what: string, found: number, wanted: number): string[] =>
    ms >= HOUR_MS && found < wanted ? [`${found} ${what}, and at least ${wanted} were wanted`] : [];
  return [
    ...(p99 > RECOVERY_P99_MS ? [`recovery p99 is ${p99.toFixed(0)} ms, over ${RECOVERY_P99_MS} ms`] : []),
    ...(repeatedPercent(outcome) > REPEATED_PERCENT
      ? [`${repeatedPercent(outcome).toFixed(2)} % of pages were served again, over ${REPEATED_PERCENT} %`]
      : []),
    ...least('faults', faults.length, LEAST.faults),
    ...least('kinds of faults', new Set(faults).size, LEAST.kinds),
    ...least('jobs', jobsIn(outcome), LEAST.jobs),
  ];
}
