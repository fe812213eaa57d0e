// The day's requests of a job under `requestsPerDay`: arithmetic only. Days are UTC days.
import type { Quota, Wait } from './work.js';

const DAY_MS = 86_400_000;

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

export function openQuota(perDay: number, now: number): Quota {
  return { perDay, day: dayOf(now), used: 0 };
}

/** The quota as of now: a new day starts at nothing used. */
export function today(quota: Quota, now: number): Quota {
  return quota.day === dayOf(now) ? quota : openQuota(quota.perDay, now);
}

export function spend(quota: Quota, requests: number, now: number): Quota {
  const current = today(quota, now);
  return { ...current, used: current.used + requests };
}

/** One lane's share of what is left, given what other lanes still hold. 0: the day is spent. */
export function share(quota: Quota, reserved: number, lanes: number): number {
  const left = quota.perDay - quota.used - reserved;
  return left <= 0 ? 0 : Math.ceil(left / lanes);
}

export function untilRenewed(now: number): Wait {
  return { until: (Math.floor(now / DAY_MS) + 1) * DAY_MS, reason: 'daily request quota' };
}
