// Where objects can be restored into.
import type { Context } from '../../core/connector.js';
import type { ObjectEntry } from '../../records/tar/entry.js';

/**
 * One stream of a target. Every method may run twice, or at once in two processes. What concerns one object alone is
 * thrown as `record_refused` or `name_unfit`. `replace`: an object that has the key goes; otherwise it stays, the answer
 * is `false` and nothing was written.
 */
export interface ObjectTarget {
  /** A whole object, which is there at once or not at all. */
  put(ctx: Context, object: ObjectEntry, body: Uint8Array, replace: boolean): Promise<boolean>;
  /** Begins an object of several pieces; the answer, under 1,500 characters, stands for what is written of it. */
  begin(ctx: Context, object: ObjectEntry): Promise<string>;
  /** `object_missing` where what `handle` stands for is gone: finished, or given up. */
  add(ctx: Context, object: ObjectEntry, handle: string, body: Uint8Array): Promise<void>;
  /** Makes the object of all its pieces, at once. `object_missing` as above. */
  finish(ctx: Context, object: ObjectEntry, handle: string, replace: boolean): Promise<boolean>;
  /** Of the object that has the key; null: none has. */
  size(ctx: Context, key: string): Promise<number | null>;
  read(
    ctx: Context,
    key: string,
    place: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array>;
  /** Resolves when everything written is durable. */
  sync(): Promise<void>;
  /** Takes away what the job began and never finished. */
  clear(ctx: Context): Promise<void>;
}
