// When a source that refused for its rate limit says to come back.
import { header, listHeader, type Headers } from './headers.js';

/** Where it does not say. */
const DEFAULT_MS = 5_000;
/** A reset above this is an epoch in seconds (2001), above a thousand times this one in ms; below, seconds from now. */
const EPOCH_SECONDS = 1_000_000_000;
/** Nobody means to wait longer; what says so is mostly an epoch in a unit of its own, and may be beyond what a date can hold. */
const LONGEST_MS = 31 * 86_400_000;

/** Epoch ms, never before `now` and 31 days after it at most. Reads Retry-After, then RateLimit (both drafts), then X-RateLimit-Reset and its like. */
export function comeBackAt(headers: Headers, now: number): number {
  const at =
    retryAfter(headers, now) ??
    reset(rateLimitReset(headers), now) ??
    reset(header(headers, 'ratelimit-reset'), now) ??
    reset(header(headers, 'x-ratelimit-reset') ?? header(headers, 'x-rate-limit-reset'), now) ??
    now + DEFAULT_MS;
  return within(at, now);
}

/** Seconds or an HTTP date, as epoch ms within the same bounds; `undefined` where there is none or it is neither. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = header(headers, 'retry-after');
  if (value === undefined) return undefined;
  const seconds = nonNegative(value);
  const at = seconds === undefined ? Date.parse(value) : now + seconds * 1_000;
  return Number.isNaN(at) ? undefined : within(at, now);
}

function within(at: number, now: number): number {
  return Math.min(Math.max(at, now), now + LONGEST_MS);
}

/** `RateLimit: "default";r=0;t=30` or `RateLimit: limit=100, remaining=0, reset=30`. */
function rateLimitReset(headers: Headers): string | undefined {
  return /\b(?:t|reset)=(\d+)/.exec(listHeader(headers, 'ratelimit'))?.[1];
}

function reset(value: string | undefined, now: number): number | undefined {
  const number = value === undefined ? undefined : nonNegative(value);
  if (number === undefined) return undefined;
  if (number > EPOCH_SECONDS * 1_000) return number;
  return number > EPOCH_SECONDS ? number * 1_000 : now + number * 1_000;
}

function nonNegative(value: string): number | undefined {
  return /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
