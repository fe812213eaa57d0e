// How the engine reaches connectors without importing one: the worker hands it these functions.
import type { Context, Source } from './connector.js';
import type { Store } from './store.js';

export interface SourceOptions {
  readonly pageSize?: number;
}

/** A configured connection, ready to be opened. What it cannot do it does not have. */
export interface Connection {
  readonly name: string;
  readonly type: string;
  readonly limits: {
    readonly concurrency?: number;
    readonly requestsPerSecond?: number;
    readonly requestsPerDay?: number;
  };
  readonly source?: (options: SourceOptions) => Source;
  readonly store?: () => Store;
  /** Reaches out and says what it found; throws `LonghaulError` where it cannot work. */
  check(ctx: Context): Promise<string>;
}

/** Throws `connection_unknown`. */
export type Connections = (name: string) => Connection;
