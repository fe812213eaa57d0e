// The heads of finished partitions, kept beside the data so that the workflow carries only the newest page's name.
import type { Head } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import {
  headsSchema,
  ledgerPageSchema,
  type ArchiveHead,
  type LedgerPage,
  type LedgerRef,
} from './format.js';
import { LEDGER, ordinal } from './layout.js';
import { backwards, putLinked } from './linked.js';

export async function addToLedger(
  store: Store,
  archive: string,
  heads: readonly Head[],
  before: LedgerRef | null,
): Promise<LedgerRef> {
  const seq = before ? before.seq + 1 : 0;
  const prev = before && { path: before.path, sha256: before.sha256 };
  const page: LedgerPage = { prev, seq, heads: headsSchema.parse(heads) };
  const link = await putLinked(
    store,
    archive,
    page,
    (hash) => `${LEDGER}/${ordinal(seq)}-${hash.slice(0, 16)}.json`,
  );
  return { ...link, seq, count: (before?.count ?? 0) + heads.length };
}

/** Every head of the job in the order of its partitions. Refuses to leave one out. */
export async function allHeads(
  store: Store,
  archive: string,
  settled: LedgerRef | null,
  rest: readonly Head[],
): Promise<readonly ArchiveHead[]> {
  const heads = new Map(headsSchema.parse(rest).map((head) => [head.index, head]));
  for await (const page of backwards(store, archive, settled, ledgerPageSchema)) {
    for (const head of page.heads) heads.set(head.index, head);
  }
  const sorted = [...heads.values()].sort((a, b) => a.index - b.index);
  const gap = sorted.findIndex((head, position) => head.index !== position);
  const count = (settled?.count ?? 0) + rest.length;
  if (gap === -1 && sorted.length === count) return sorted;
  throw new LonghaulError('internal', `${archive} cannot be sealed: its partitions are not each there once.`);
}
