// Collects the entries of a run and puts them in order. Memory: the run, and four bytes an entry.
import { compareEntries, draftLength, entryLength, writeEntry, type Draft, type Side } from './entry.js';

/** Sorted in about 100 ms, in one go. */
const RUN_BYTES = 4_194_304;

export interface Sorter {
  /** Entries so far. */
  readonly count: number;
  add(draft: Draft, side: Side): void;
  /** Whether a run is full. */
  isFull(): boolean;
  /** All entries in order; it begins anew. */
  take(): Buffer;
}

export function createSorter(): Sorter {
  let arena: Buffer = Buffer.alloc(0);
  let filled = 0;
  let starts: number[] = [];
  return {
    get count() {
      return starts.length;
    },
    add(draft, side) {
      const length = draftLength(draft);
      if (filled + length > arena.length) arena = grown(arena.subarray(0, filled), length);
      writeEntry(arena, filled, draft, side);
      starts.push(filled);
      filled += length;
    },
    isFull: () => filled >= RUN_BYTES,
    take() {
      const sorted = inOrder(arena, starts, filled);
      [starts, filled] = [[], 0];
      return sorted;
    },
  };
}

function grown(arena: Buffer, more: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(65_536, arena.length * 2, arena.length + more));
  larger.set(arena);
  return larger;
}

function inOrder(arena: Buffer, starts: readonly number[], length: number): Buffer {
  const order = Uint32Array.from(starts).sort((a, b) => compareEntries(arena, a, arena, b));
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  for (const start of order) {
    const end = start + entryLength(arena, start)!;
    out.set(arena.subarray(start, end), at);
    at += end - start;
  }
  return out;
}
