// The breadcrumb of a partition and its arithmetic.
import type { Json } from './json.js';

/** A source's own opaque JSON: where the next page begins. Small (well under 8 KiB), never a secret. */
export type Cursor = Json;

/** What was done, counted. `bytes` are of the records before compression; `requests` count every attempt; `rejects` are not among the `records`. */
export interface Tallies {
  readonly records: number;
  readonly bytes: number;
  readonly pages: number;
  readonly requests: number;
  readonly retries: number;
  readonly rejects: number;
}

export const NO_TALLIES: Tallies = { records: 0, bytes: 0, pages: 0, requests: 0, retries: 0, rejects: 0 };

/**
 * Where a partition stands. It moves only after the sink has made everything before it durable.
 * `cursor` null with `done` false: nothing read yet.
 */
export interface Checkpoint {
  readonly cursor: Cursor | null;
  readonly done: boolean;
  /** The sink's own state: what its last flush returned. */
  readonly sink: Json | null;
  readonly tallies: Tallies;
  /** The newest part of the partition's log of rejects; absent: none was set aside. */
  readonly rejects?: RejectsRef;
}

/** A part of a log of rejects, by its place in the job's folder. `records` are of the whole log so far. */
export interface RejectsRef {
  readonly path: string;
  readonly sha256: string;
  readonly seq: number;
  readonly records: number;
}

export const START: Checkpoint = { cursor: null, done: false, sink: null, tallies: NO_TALLIES };

export function add(a: Tallies, b: Tallies): Tallies {
  return combine(a, b, (x, y) => x + y);
}

export function subtract(a: Tallies, b: Tallies): Tallies {
  return combine(a, b, (x, y) => x - y);
}

function combine(a: Tallies, b: Tallies, op: (x: number, y: number) => number): Tallies {
  return {
    records: op(a.records, b.records),
    bytes: op(a.bytes, b.bytes),
    pages: op(a.pages, b.pages),
    requests: op(a.requests, b.requests),
    retries: op(a.retries, b.retries),
    rejects: op(a.rejects, b.rejects),
  };
}
