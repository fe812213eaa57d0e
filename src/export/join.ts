// A file on its way to be whole: pieces are copied into it, each held against its hash.
import { createHash } from 'node:crypto';
import { chainBroken } from '../archive/linked.js';
import type { SegmentLine } from '../archive/format.js';
import { isMissing } from '../archive/objects.js';
import type { Context } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';

export interface JoinedFile {
  /** Bytes so far. */
  readonly size: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Copies the bytes of a piece from `start` up to and without `end`; answers those after. */
  copy(piece: SegmentLine, range: { readonly start: number; readonly end: number }): Promise<Buffer>;
  /** Resolves when the file is durable. */
  commit(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  abort(): Promise<void>;
}

/** Both paths within the folder. `Stopped` from `copy` when the job is to stop. */
export async function createJoinedFile(
  ctx: Context,
  store: Store,
  folder: string,
  path: string,
): Promise<JoinedFile> {
  const object = await store.create(`${folder}/${path}`);
  const hash = createHash('sha256');
  let size = 0;

  async function write(bytes: Uint8Array): Promise<void> {
    hash.update(bytes);
    size += bytes.length;
    await object.write(bytes);
  }

  return {
    get size() {
      return size;
    },
    write,
    async copy(piece, { start, end }) {
      const rest: Uint8Array[] = [];
      let at = 0;
      for await (const chunk of wholePiece(store, folder, piece)) {
        if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
        const [from, to] = [start - at, end - at];
        const part = chunk.subarray(Math.max(0, from), Math.max(0, to));
        if (part.length > 0) await write(part);
        if (to < chunk.length) rest.push(chunk.subarray(Math.max(0, to)));
        at += chunk.length;
      }
      return Buffer.concat(rest);
    },
    async commit() {
      await object.commit();
      return { bytes: size, sha256: hash.digest('hex') };
    },
    abort: () => object.abort(),
  };
}

/** `chain_broken`, at its end, where the piece is not the one that was written. */
async function* wholePiece(store: Store, folder: string, piece: SegmentLine): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of store.read(`${folder}/${piece.path}`)) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw isMissing(error) ? chainBroken(folder, piece, 'is missing') : error;
  }
  if (hash.digest('hex') !== piece.sha256) throw chainBroken(folder, piece, 'was changed');
}
