// Lines that are found last first and needed first first, in bounded memory: pieces wait in the store.
import type { Store } from '../core/store.js';
import { ordinal } from './layout.js';

const PIECE_CHARS = 1_048_576;

export interface Reversed {
  add(line: string): Promise<void>;
  /** All lines, the last one added first, in pieces of many. Once only: it removes what it used. */
  read(): AsyncGenerator<Uint8Array>;
}

/** `folder` is this object's alone. Lines end with LF. */
export function createReversed(store: Store, folder: string): Reversed {
  let lines: string[] = [];
  let chars = 0;
  let pieces = 0;

  const take = (): Buffer => {
    const piece = Buffer.from(lines.toReversed().join(''));
    [lines, chars] = [[], 0];
    return piece;
  };
  const pathOf = (piece: number): string => `${folder}/${ordinal(piece)}.jsonl`;

  return {
    async add(line) {
      lines.push(line);
      chars += line.length;
      if (chars < PIECE_CHARS) return;
      await store.put(pathOf(pieces), take());
      pieces += 1;
    },
    async *read() {
      yield take();
      for (let piece = pieces - 1; piece >= 0; piece -= 1) yield* store.read(pathOf(piece));
      if (pieces > 0) await store.removeAll(folder);
    },
  };
}
