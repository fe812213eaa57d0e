// Merges sorted runs into one order. Memory: a frame or two of each run.
import { setImmediate } from 'node:timers/promises';
import type { Context } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { compareEntries } from './entry.js';
import { openRun, type RunCursor } from './run.js';

/** Runs merged at a time: about 2 MiB each while they are. */
export const FAN_IN = 32;

/** Some 20 ms, for heartbeats and other jobs to have theirs. */
const ENTRIES_A_TURN = 16_384;

/** Gets each entry in turn. Its bytes stay as they are; a promise is waited for. */
export type Take = (bytes: Buffer, at: number) => Promise<void> | undefined;

/** Hands out all entries of the runs in order. `paths` are at most `FAN_IN`. */
export async function merge(ctx: Context, store: Store, paths: readonly string[], take: Take): Promise<void> {
  const cursors = paths.map((path) => openRun(ctx, store, path));
  try {
    const heap: RunCursor[] = [];
    for (const cursor of cursors) if (await cursor.fill()) push(heap, cursor);
    await drain(heap, take);
  } finally {
    for (const cursor of cursors) await cursor.close().catch(() => undefined);
  }
}

async function drain(heap: RunCursor[], take: Take): Promise<void> {
  let taken = 0;
  for (let [first] = heap; first; [first] = heap) {
    const pending = take(first.bytes, first.at);
    if (pending) await pending;
    if (!first.advance() && !(await first.fill())) removeFirst(heap);
    sink(heap);
    taken += 1;
    if (taken % ENTRIES_A_TURN === 0) await setImmediate();
  }
}

function removeFirst(heap: RunCursor[]): void {
  const last = heap.pop()!;
  if (heap.length > 0) heap[0] = last;
}

function isBefore(a: RunCursor, b: RunCursor): boolean {
  return compareEntries(a.bytes, a.at, b.bytes, b.at) < 0;
}

/** A binary heap, the least first. */
function push(heap: RunCursor[], cursor: RunCursor): void {
  let at = heap.push(cursor) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!isBefore(heap[at]!, heap[above]!)) return;
    swap(heap, at, above);
    at = above;
  }
}

function sink(heap: RunCursor[]): void {
  for (let at = 0; ;) {
    let least = at;
    for (const below of [2 * at + 1, 2 * at + 2]) {
      if (below < heap.length && isBefore(heap[below]!, heap[least]!)) least = below;
    }
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}

function swap(heap: RunCursor[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b]!, heap[a]!];
}
