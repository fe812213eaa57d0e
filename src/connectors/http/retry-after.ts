// When a source that refused for its rate limit, or has said that it will, says to come back.
import { header, type Headers } from './headers.js';
import { nonNegative, renewal, spentUntil } from './rate-limit.js';

/** Where it does not say. */
const DEFAULT_MS = 5_000;
/** Nobody means to wait longer; what says so is mostly an epoch in a unit of its own, and may be beyond what a date can hold. */
const LONGEST_MS = 31 * 86_400_000;

/** Epoch ms, never before `now` and 31 days after it at most. Reads Retry-After, then RateLimit (both drafts), then X-RateLimit-Reset and its like. */
export function comeBackAt(headers: Headers, now: number): number {
  return within(retryAfter(headers, now) ?? renewal(headers, now) ?? now + DEFAULT_MS, now);
}

/** Seconds or an HTTP date, as epoch ms within the same bounds; `undefined` where there is none or it is neither. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = header(headers, 'retry-after');
  if (value === undefined) return undefined;
  const seconds = nonNegative(value);
  const at = seconds === undefined ? Date.parse(value) : now + seconds * 1_000;
  return Number.isNaN(at) ? undefined : within(at, now);
}

/**
 * Epoch ms after `now` before which another request would be refused; `undefined` where nothing says so. What cannot be
 * meant is not believed: of a request that was answered, asking again costs less than waiting for a month.
 */
export function closedUntil(headers: Headers, now: number): number | undefined {
  const at = header(headers, 'retry-after') === undefined ? spentUntil(headers, now) : undefined;
  return at !== undefined && at > now && at <= now + LONGEST_MS ? at : undefined;
}

function within(at: number, now: number): number {
  return Math.min(Math.max(at, now), now + LONGEST_MS);
}
