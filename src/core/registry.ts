// How the engine reaches connectors without importing one: the worker hands it these functions.
import type { Context, Sink, Source } from './connector.js';
import type { KnownObjects } from './known.js';
import type { Store } from './store.js';
import type { Window } from './window.js';

export interface SourceOptions {
  readonly pageSize?: number;
  /** Only of objects: what an earlier backup holds. Of what has not changed since, pages hold references. */
  readonly known?: KnownObjects;
}

/** What a restore asks of the place that it writes to. */
export interface SinkOptions {
  readonly job: string;
  /** What becomes of a record whose key is there already. */
  readonly mode: 'insert' | 'upsert';
  /** Makes what is missing, as the archive describes it. */
  readonly create: boolean;
  /** Records may be refused one by one (`SinkWriter.settle`); otherwise the first one that is ends the job. */
  readonly rejects: boolean;
  /** What is damaged in the archive is passed over: an object that lost a piece is a reject, whatever `rejects` says. */
  readonly skipDamaged?: boolean;
  /** `contacts.account_id` → `accounts.id`: fields whose values the target has given anew. Empty: none. */
  readonly remap: Readonly<Record<string, string>>;
  /** The store that the archive is in, where a job may keep what it needs beside the target: below `folder`. */
  readonly beside: Beside;
  /** Does a step that may be repeated whole, again after growing waits where it fails in a way that may pass. */
  readonly patiently: <T>(ctx: Context, step: () => Promise<T>) => Promise<T>;
}

export interface Beside {
  readonly store: Store;
  readonly folder: string;
  /** That of the job whose rejects are tried again. */
  readonly before: string | null;
}

/** Both ends of a copy. */
export interface CopyEnds {
  readonly source: Source;
  readonly sink: Sink;
}

/** A configured connection, ready to be opened. What it cannot do it does not have. */
export interface Connection {
  readonly name: string;
  readonly type: string;
  readonly limits: {
    readonly concurrency?: number;
    readonly requestsPerSecond?: number;
    readonly requestsPerDay?: number;
    /** The hours in which jobs may use it. */
    readonly window?: Window;
  };
  readonly source?: (options: SourceOptions) => Source;
  readonly store?: () => Store;
  /** Where archives can be restored into. */
  readonly sink?: (options: SinkOptions) => Sink;
  /**
   * Only where it holds objects: copies those of another connection that does. Where both are places of one service, its
   * server does the work, and the source of the copy only tells it to.
   */
  readonly copyFrom?: (from: Connection, reading: SourceOptions, writing: SinkOptions) => CopyEnds;
  /** Reaches out and says what it found; throws `LonghaulError` where it cannot work. */
  check(ctx: Context): Promise<string>;
}

/** Throws `connection_unknown`. */
export type Connections = (name: string) => Connection;
