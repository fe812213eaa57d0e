// What files below a folder and objects below a prefix have in common: a tree of objects that is listed and read.
import type { Context } from '../../core/connector.js';
import type { ErrorCode } from '../../core/errors.js';
import type { ObjectEntry } from '../../records/tar/entry.js';

export { compareKeys } from '../../records/tar/order.js';

/** Why one object cannot be read, while others can. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface ListedObject {
  /** Relative to the stream. */
  readonly key: string;
  readonly size: number;
  /** Another one whenever the object changes. */
  readonly version: string;
  /** Seconds since 1970, where the listing says when the object was written and its version does not. */
  readonly mtime?: number;
  /** It is known to be there, and that it cannot be read. */
  readonly refused?: Refusal;
}

/** How an object came to its target: its server made it of the other one, its bytes passed through here, or it was there. */
export type CopiedBy = 'server' | 'worker' | 'there';

/**
 * `copied`: of a tree whose objects are copied instead of handed out. `gone`: it was removed. `changed`: it is not in the
 * version any more that was listed.
 */
export type ReadResult =
  | { readonly is: 'read'; readonly body: Uint8Array; readonly about: About }
  | { readonly is: 'copied'; readonly by: CopiedBy }
  | { readonly is: 'gone' | 'changed' }
  | { readonly is: 'refused'; readonly why: Refusal };

/** What is known of an object beside what its listing says. */
export type About = Omit<ObjectEntry, 'key' | 'size' | 'offset' | 'version'>;

/** Keys after `after` (null: from the first) up to and with `to` (null: to the last). */
export interface KeyRange {
  readonly after: string | null;
  readonly to: string | null;
}

/** The objects of one stream. */
export interface ObjectTree {
  /** In the order of `compareKeys`, some at a time. */
  list(ctx: Context, range: KeyRange): AsyncIterable<readonly ListedObject[]>;
  /** `length` bytes from `offset` on, all of them. Reports each request to the meter. */
  read(
    ctx: Context,
    object: ListedObject,
    place: { readonly offset: number; readonly length: number },
  ): Promise<ReadResult>;
  /** Less than `want` keys, ascending, that part the objects about evenly; found without listing them all. */
  borders(ctx: Context, want: number): Promise<readonly string[]>;
}
