// Takes the rows of a COPY out of the messages they come in, and knows from these where rows end.
import type { Slab } from './slabs.js';

/** Bytes of rows as they came, and the offsets in them at which rows end, rising. The last row may go on in the next ones. */
export interface RowBytes {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  /** The memory that they are in, held until it is dropped; absent: memory that nobody will write over. */
  readonly slab?: Slab;
}

export interface Framed extends RowBytes {
  /** From the first message on that is none of the copying; null: it is not there yet. */
  readonly rest: Buffer | null;
}

export interface Framer {
  /** Takes the next bytes of the connection, and changes them: the rows are moved together in place. */
  feed(chunk: Buffer): Framed;
}

const COPY_DATA = code('d');
/** The answer that begins a COPY; and what may come at any time: a parameter's status, a notice, a notification. */
const ASIDE = new Set(['H', 'S', 'N', 'A'].map(code));
/** The message's code, and its length without the code. */
const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;
const LF = 0x0a;

/**
 * The protocol promises that each message of a server holds one row ("CopyData", Message Formats), which saves looking
 * for row ends: most of what reading costs. A message that does not end a line ends no row.
 */
export function createFramer(): Framer {
  /** A header that began in an earlier chunk. */
  const begun = Buffer.alloc(HEADER_BYTES);
  let got = 0;
  /** Of the message that is read. */
  let left = 0;
  let isRow = false;

  /** false: the message is none of the copying. */
  function enter(header: Buffer, at: number): boolean {
    const type = header[at]!;
    isRow = type === COPY_DATA;
    left = header.readUInt32BE(at + 1) - LENGTH_BYTES;
    return isRow || ASIDE.has(type);
  }

  return {
    feed(chunk) {
      const ends: number[] = [];
      let filled = 0;
      const framed = (rest: Buffer | null): Framed => ({ bytes: chunk.subarray(0, filled), ends, rest });
      for (let at = 0; at < chunk.length;) {
        if (left === 0 && got === 0 && at + HEADER_BYTES <= chunk.length) {
          if (!enter(chunk, at)) return framed(chunk.subarray(at));
          at += HEADER_BYTES;
        } else if (left === 0) {
          const part = chunk.copy(begun, got, at, at + HEADER_BYTES - got);
          [got, at] = [got + part, at + part];
          if (got < HEADER_BYTES) break;
          got = 0;
          if (!enter(begun, 0)) return framed(Buffer.concat([begun, chunk.subarray(at)]));
        }
        const end = Math.min(at + left, chunk.length);
        left -= end - at;
        if (isRow) {
          chunk.copyWithin(filled, at, end);
          filled += end - at;
          if (left === 0 && chunk[filled - 1] === LF) ends.push(filled);
        }
        at = end;
      }
      return framed(null);
    },
  };
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}
