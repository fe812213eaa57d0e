// What the activities need from outside; the worker's composition root provides it.
import type { Connections } from '../core/registry.js';
import type { Clock } from './clock.js';
import type { Work } from './tally.js';

export interface ActivityDeps {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly log: Log;
  /** The version of Longhaul, kept in report.json. */
  readonly version: string;
  /** Hears of the work of all chunks as it is done, for metrics. */
  readonly observe?: (work: Work) => void;
}

/** One structured line an event. Never a secret, never a record. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}
