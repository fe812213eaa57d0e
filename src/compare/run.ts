// One sorted run in the store: reading it entry by entry. Memory: a frame or two of 1 MiB.
import { Damage } from '../archive/damage.js';
import { decompressed } from '../archive/decompress.js';
import type { Context } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { entryLength } from './entry.js';

/** Stands at an entry: bytes that hold all of it, and where it begins. */
export interface RunCursor {
  readonly bytes: Buffer;
  readonly at: number;
  /** Goes on to the next entry; false where the bytes at hand have no more: then `fill`. */
  advance(): boolean;
  /** Resolves when it stands at an entry, false at the end of the run. `Stopped` when told to stop. */
  fill(): Promise<boolean>;
  close(): Promise<void>;
}

/** Throws `chain_broken` where the run is not what was written. Stands before the first entry: `fill` comes first. */
export function openRun(ctx: Context, store: Store, path: string): RunCursor {
  const pieces = decompressed(store.read(path), 'zstd')[Symbol.asyncIterator]();
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  let length: number | null = 0;

  async function next(): Promise<IteratorResult<Uint8Array>> {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    try {
      return await pieces.next();
    } catch (error) {
      throw error instanceof Damage ? broken(path) : error;
    }
  }

  return {
    get bytes() {
      return bytes;
    },
    get at() {
      return at;
    },
    advance() {
      at += length ?? 0;
      length = entryLength(bytes, at);
      return length !== null;
    },
    async fill() {
      for (length = entryLength(bytes, at); length === null; length = entryLength(bytes, at)) {
        const { value, done } = await next();
        if (done) {
          if (at < bytes.length) throw broken(path);
          return false;
        }
        bytes = Buffer.concat([bytes.subarray(at), value]);
        at = 0;
      }
      return true;
    },
    close: async () => void (await pieces.return?.()),
  };
}

function broken(path: string): LonghaulError {
  return new LonghaulError('chain_broken', `The work file ${path} was changed.`);
}
