// Any number of runs brought down to few: as many as can be merged at a time become one, and so do those that come of it.
import { openObject } from '../archive/compressed-object.js';
import { sha256 } from '../archive/objects.js';
import type { Context } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { entryLength } from './entry.js';
import { mergedPath } from './layout.js';
import { FAN_IN, merge } from './merge.js';

export interface Levels {
  add(path: string): Promise<void>;
  /** All that were added, as at most `FAN_IN` runs. */
  rest(): Promise<readonly string[]>;
}

/** `folder` holds the runs; paths are those of the store. What was merged before is found by its name and not made again. */
export function createLevels(ctx: Context, store: Store, folder: string): Levels {
  const levels: string[][] = [];

  async function put(path: string, level: number): Promise<void> {
    const runs = (levels[level] ??= []);
    runs.push(path);
    if (runs.length < FAN_IN) return;
    levels[level] = [];
    await put(await mergeInto(ctx, store, folder, runs), level + 1);
  }

  return {
    add: (path) => put(path, 0),
    async rest() {
      let runs = levels.flat();
      while (runs.length > FAN_IN) {
        const most = Math.min(FAN_IN, runs.length - FAN_IN + 1);
        runs = [...runs.slice(most), await mergeInto(ctx, store, folder, runs.slice(0, most))];
      }
      return runs;
    },
  };
}

/** Named after what it is made of, so that every attempt makes the same. */
async function mergeInto(
  ctx: Context,
  store: Store,
  folder: string,
  runs: readonly string[],
): Promise<string> {
  const place = `${folder}/${mergedPath(sha256(Buffer.from(runs.join('\n'))).slice(0, 32))}`;
  if (await store.stat(place)) return place;
  const object = await openObject(store, place, 'zstd');
  const out = createGathering((bytes) => object.write(bytes));
  try {
    await merge(ctx, store, runs, (bytes, at) => out.add(bytes.subarray(at, at + entryLength(bytes, at)!)));
    await out.end();
    await object.commit();
  } catch (error) {
    await object.abort();
    throw error;
  }
  return place;
}

const PIECE_BYTES = 262_144;

/** Small pieces of bytes as larger ones: a promise only where one is handed on. */
function createGathering(write: (bytes: Uint8Array) => Promise<void>) {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;

  function keep(bytes: Uint8Array): undefined {
    piece.set(bytes, filled);
    filled += bytes.length;
  }

  async function handOn(): Promise<void> {
    const full = piece.subarray(0, filled);
    [piece, filled] = [Buffer.allocUnsafe(PIECE_BYTES), 0];
    await write(full);
  }

  async function makeRoom(bytes: Uint8Array): Promise<void> {
    await handOn();
    if (bytes.length > piece.length) await write(bytes);
    else keep(bytes);
  }

  return {
    add: (bytes: Uint8Array) => (filled + bytes.length > piece.length ? makeRoom(bytes) : keep(bytes)),
    end: handOn,
  };
}
