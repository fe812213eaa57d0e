// Tells apart what is the same, added, removed and changed in one order of both sides' entries. Memory: one entry.
import type { Counts, Difference } from './differences.js';
import { compareEntries, hasKey, isSameRecord, shownOf, sideOf, type Side } from './entry.js';

export type Found = Omit<Difference, 'stream'>;

interface Pair {
  archive: number;
  against: number;
}

const none = (): Pair => ({ archive: 0, against: 0 });

/**
 * Of records of one key, those of the same bytes are the same; of what is left over, one of each side is a change. So it
 * counts right where a key comes more than once, and tells that as well. `found` is called in the order of the keys.
 */
export function createCounter(found: (difference: Found) => Promise<void> | undefined) {
  const counts: Counts = { same: 0, added: 0, removed: 0, changed: 0, duplicates: 0 };
  let entries = 0;
  /** The entry before, which stands for its key. */
  let last: { readonly bytes: Buffer; readonly at: number } | null = null;
  /** Of this key and hash; of this key, those without a partner; of this key, all. */
  let [equal, left, all] = [none(), none(), none()];

  function endEqual(): void {
    const same = Math.min(equal.archive, equal.against);
    counts.same += same;
    left.archive += equal.archive - same;
    left.against += equal.against - same;
    equal = none();
  }

  function endKey(): Promise<void> | undefined {
    if (last === null) return undefined;
    endEqual();
    const differences = differencesOf(last.bytes, last.at, left, all);
    [left, all] = [none(), none()];
    return differences.length > 0 ? tell(differences) : undefined;
  }

  async function tell(differences: readonly Found[]): Promise<void> {
    for (const difference of differences) {
      if (difference.kind === 'duplicate') counts.duplicates += 1;
      else counts[difference.kind] += difference.records;
      await found(difference);
    }
  }

  return {
    take(bytes: Buffer, at: number): Promise<void> | undefined {
      const isNew = last === null || !isSameRecord(last.bytes, last.at, bytes, at);
      const pending = isNew ? endKey() : undefined;
      if (!isNew && compareEntries(last!.bytes, last!.at, bytes, at) !== 0) endEqual();
      const side = sideOf(bytes, at);
      equal[side] += 1;
      all[side] += 1;
      entries += 1;
      last = { bytes, at };
      return pending;
    },
    /** After the last entry. */
    async end(): Promise<{ readonly counts: Counts; readonly entries: number }> {
      await endKey();
      return { counts, entries };
    },
  };
}

function differencesOf(bytes: Buffer, at: number, left: Pair, all: Pair): Found[] {
  const changed = hasKey(bytes, at) ? Math.min(left.archive, left.against) : 0;
  const found = [
    { kind: 'changed', records: changed },
    { kind: 'removed', records: left.archive - changed },
    { kind: 'added', records: left.against - changed },
    ...duplicatesOf(hasKey(bytes, at) ? all : none()),
  ] as const;
  const some = found.filter(({ kind, records }) => records > (kind === 'duplicate' ? 1 : 0));
  return some.length > 0 ? some.map((each) => ({ ...each, ...shown(bytes, at) })) : [];
}

function duplicatesOf(all: Pair) {
  const sides: readonly Side[] = ['archive', 'against'];
  return sides.map((side) => ({ kind: 'duplicate', records: all[side], side }) as const);
}

const MOST_CHARS = 300;
const cut = (text: string): string => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text);

function shown(bytes: Buffer, at: number): { key: (string | null)[]; record?: string } {
  const { key, ...record } = shownOf(bytes, at);
  return { key: key.map((text) => text && cut(text)), ...record };
}
