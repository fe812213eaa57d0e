// How the engine reaches connectors without importing one: the worker hands it these functions.
import type { Context, Sink, Source } from './connector.js';
import type { Store } from './store.js';

export interface SourceOptions {
  readonly pageSize?: number;
}

/** What a restore asks of the place that it writes to. */
export interface SinkOptions {
  readonly job: string;
  /** What becomes of a record whose key is there already. */
  readonly mode: 'insert' | 'upsert';
  /** Makes what is missing, as the archive describes it. */
  readonly create: boolean;
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
  /** Where archives can be restored into. */
  readonly sink?: (options: SinkOptions) => Sink;
  /** Reaches out and says what it found; throws `LonghaulError` where it cannot work. */
  check(ctx: Context): Promise<string>;
}

/** Throws `connection_unknown`. */
export type Connections = (name: string) => Connection;
