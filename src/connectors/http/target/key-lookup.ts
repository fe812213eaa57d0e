// Finds the new keys of records by their old ones. Memory: the buckets used last, up to a limit.
import type { Store } from '../../../core/store.js';
import { readAll } from '../../../core/read-all.js';
import { bucketOf, type KeyIndex } from './key-table.js';

/** Of the buckets at hand. */
const KEPT_BYTES = 16_777_216;
const READS_AT_ONCE = 8;

/** The new key of each old one that the target has given one; the others are left out. */
export type KeyLookup = (olds: Iterable<string>) => Promise<Map<string, string>>;

export function createKeyLookup(store: Store, { table, offsets }: KeyIndex): KeyLookup {
  const buckets = offsets.length - 1;
  const kept = new Map<number, Buffer>();
  let size = 0;

  async function bucketAt(place: number): Promise<Buffer> {
    const [start, end] = [offsets[place]!, offsets[place + 1]!];
    const found =
      kept.get(place) ?? (end > start ? await readAll(store, table, { start, end }) : Buffer.alloc(0));
    keep(place, found);
    return found;
  }

  /** As the one used last. */
  function keep(place: number, bucket: Buffer): void {
    size += kept.delete(place) ? 0 : bucket.length;
    kept.set(place, bucket);
    for (const [oldest, { length }] of kept) {
      if (size <= KEPT_BYTES) return;
      kept.delete(oldest);
      size -= length;
    }
  }

  return async (olds) => {
    const found = new Map<string, string>();
    const wanted = [...byBucket(olds, buckets)];
    for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
      const reads = wanted.slice(at, at + READS_AT_ONCE).map(async ([place, keys]) => {
        const bucket = await bucketAt(place);
        for (const old of keys) {
          const now = valueIn(bucket, old);
          if (now !== null) found.set(old, now);
        }
      });
      await Promise.all(reads);
    }
    return found;
  };
}

function byBucket(olds: Iterable<string>, buckets: number): Map<number, Set<string>> {
  const grouped = new Map<number, Set<string>>();
  for (const old of olds) {
    const place = bucketOf(old, buckets);
    grouped.set(place, (grouped.get(place) ?? new Set()).add(old));
  }
  return grouped;
}

function valueIn(bucket: Buffer, old: string): string | null {
  const line = Buffer.from(`\n${old}\t`);
  const at = bucket.indexOf(line);
  if (at === -1) return null;
  const end = bucket.indexOf('\n', at + line.length);
  return bucket.toString('utf8', at + line.length, end === -1 ? bucket.length : end);
}
