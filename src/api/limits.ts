// What one key may ask of a process of the API, so that a program that runs wild leaves room for the others. Far above
// what people and dashboards do. Without keys only this machine is served, and nobody is held back.
import type { MiddlewareHandler } from 'hono';
import { knownCallerOf, type Caller } from './caller.js';
import { Refusal } from './problems.js';

/** Requests that may come at once; then as many a second. */
const AT_ONCE = 1_000;
const A_SECOND = 200;
/** Streams of events that may be open at the same time. */
const STREAMS = 1_000;

export interface Limits {
  /** Throws `requests_exceeded`, with Retry-After. */
  readonly requests: MiddlewareHandler;
  /** Counts an open stream until what it returns is called. Throws `requests_exceeded`. */
  openStream(caller: Caller): () => void;
}

/** A bucket for each key by its name: there are as many as the config has. */
export function createLimits(clock: () => number): Limits {
  const buckets = new Map<string, Bucket>();
  const streams = new Map<string, number>();
  return {
    requests: (c, next) => {
      const name = knownCallerOf(c)?.name ?? null;
      if (name === null) return next();
      const { left, at } = refilled(buckets.get(name), clock());
      const isEmpty = left < 1;
      buckets.set(name, { left: isEmpty ? left : left - 1, at });
      if (isEmpty) throw tooMany(`sends more than ${A_SECOND} requests a second`);
      return next();
    },
    openStream: ({ name }) => {
      if (name === null) return () => undefined;
      const open = streams.get(name) ?? 0;
      if (open >= STREAMS) throw tooMany(`has ${STREAMS} streams of events open`);
      streams.set(name, open + 1);
      return () => void streams.set(name, streams.get(name)! - 1);
    },
  };
}

interface Bucket {
  /** Requests that may come now. */
  readonly left: number;
  /** When it was last looked at, in epoch ms. */
  readonly at: number;
}

function refilled(bucket: Bucket | undefined, now: number): Bucket {
  if (!bucket) return { left: AT_ONCE, at: now };
  const more = (Math.max(now - bucket.at, 0) / 1_000) * A_SECOND;
  return { left: Math.min(bucket.left + more, AT_ONCE), at: now };
}

function tooMany(what: string): Refusal {
  return new Refusal('requests_exceeded', `The key ${what}.`, { 'retry-after': '1' });
}
