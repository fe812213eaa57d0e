// Gathers objects into pages.
import type { Cursor, Page, Reject } from '../../core/connector.js';

const PAGE_BYTES = 1_048_576;

export interface PageBuilder {
  add(chunks: readonly Uint8Array[], records: number): void;
  reject(reject: Reject): void;
  isFull(): boolean;
  /** The page, and begins another one; null: there is nothing in it. */
  take(next: Cursor | null): Page | null;
}

/** `most`: records in a page. */
export function createPageBuilder(most: number): PageBuilder {
  let chunks: Uint8Array[] = [];
  let rejects: Reject[] = [];
  let [bytes, records] = [0, 0];
  return {
    add(more, count) {
      chunks.push(...more.filter((chunk) => chunk.length > 0));
      bytes += more.reduce((sum, chunk) => sum + chunk.length, 0);
      records += count;
    },
    reject: (reject) => void rejects.push(reject),
    isFull: () => bytes >= PAGE_BYTES || records + rejects.length >= most,
    take(next) {
      if (chunks.length === 0 && rejects.length === 0) return null;
      const page = { payload: { format: 'tar', chunks } as const, records, next };
      const taken = rejects.length > 0 ? { ...page, rejects } : page;
      [chunks, rejects, bytes, records] = [[], [], 0, 0];
      return taken;
    },
  };
}
