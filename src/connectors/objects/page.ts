// Gathers objects into pages.
import type { Cursor, Page, PageCopied, Reject } from '../../core/connector.js';
import { lengthOf } from '../../records/chunks.js';
import type { CopiedBy } from './tree.js';

const PAGE_BYTES = 1_048_576;

export interface PageBuilder {
  add(chunks: readonly Uint8Array[], records: number): void;
  /** `bytes` of an object, which ends with them where `count` is 1. */
  copied(by: CopiedBy, bytes: number, count: number): void;
  reject(reject: Reject): void;
  isFull(): boolean;
  /** The page, and begins another one; null: there is nothing in it. */
  take(next: Cursor | null): Page | null;
}

/** `most`: records in a page. */
export function createPageBuilder(most: number): PageBuilder {
  let chunks: Uint8Array[] = [];
  let rejects: Reject[] = [];
  let copied: PageCopied | null = null;
  let [bytes, records] = [0, 0];
  return {
    add(more, count) {
      chunks.push(...more.filter((chunk) => chunk.length > 0));
      bytes += lengthOf(more);
      records += count;
    },
    copied(by, more, count) {
      copied = counted(copied ?? NOTHING, by, more, count);
      bytes += more;
      records += count;
    },
    reject: (reject) => void rejects.push(reject),
    isFull: () => bytes >= PAGE_BYTES || records + rejects.length >= most,
    take(next) {
      if (chunks.length === 0 && rejects.length === 0 && !copied) return null;
      const page = { payload: { format: 'tar', chunks } as const, records, next };
      const taken = { ...page, ...(rejects.length > 0 && { rejects }), ...(copied && { copied }) };
      [chunks, rejects, copied, bytes, records] = [[], [], null, 0, 0];
      return taken;
    },
  };
}

const NOTHING: PageCopied = { bytes: 0, byServer: 0, byWorker: 0, there: 0 };
const NAMES = { server: 'byServer', worker: 'byWorker', there: 'there' } as const;

function counted(before: PageCopied, by: CopiedBy, bytes: number, count: number): PageCopied {
  const name = NAMES[by];
  return { ...before, bytes: before.bytes + bytes, [name]: before[name] + count };
}
