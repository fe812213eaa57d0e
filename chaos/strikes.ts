// What all faults have in common: each meets a victim, and has to strike it.
import { until } from '../test/support/until.js';
import type { FaultKind, Strike } from './schedule.js';

/** Resolves when the fault has struck and is over. */
export type Strikes = (strike: Strike) => Promise<void>;

/** Long enough for the next job that asks the API, whatever it is that runs now. */
const STRIKES_WITHIN_MS = 300_000;

/** Waits until it has. */
export async function strikes(kind: FaultKind, hasStruck: () => boolean): Promise<void> {
  await until(`the fault strikes: ${kind}`, hasStruck, { timeoutMs: STRIKES_WITHIN_MS });
}

/** The victim, where there is any. */
export function choose<T>(victims: readonly T[], { victim }: Strike): T | undefined {
  return victims[Math.floor(victim * victims.length)];
}
