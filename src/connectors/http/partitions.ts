// Cuts a collection whose total is known into ranges of whole pages that can be read side by side.
import type { HttpStream } from '../../config/http.js';
import type { Partition } from '../../core/connector.js';
import type { Range } from './pagers.js';

/** What the first page of a stream told. */
export interface Probe {
  /** Records on it: the size that pages really have, whatever was asked for. */
  readonly records: number;
  readonly total: number | null;
  readonly totalPages: number | null;
  readonly hash: string;
}

/** About how many records there are; null where the source does not say. */
export function estimateOf(probe: Probe | null): number | null {
  if (!probe) return null;
  return probe.total ?? (probe.totalPages === null ? null : probe.totalPages * probe.records);
}

/** One to `want` partitions, in order. The last is open, so that records added meanwhile are read too. */
export function splitStream(
  { paginator }: HttpStream,
  size: number | null,
  probe: Probe | null,
  want: number,
): Partition[] {
  const estimate = estimateOf(probe);
  if (paginator.type === 'offset') return split({ first: 0, step: probe?.records ?? 0, size, probe, want });
  if (paginator.type === 'page_number') {
    return split({ first: paginator.first ?? 1, step: 1, size, probe, want });
  }
  return [{ id: '0', range: null, estimate }];
}

interface Split {
  readonly first: number;
  /** How far a page goes, in offsets or page numbers. */
  readonly step: number;
  readonly size: number | null;
  readonly probe: Probe | null;
  readonly want: number;
}

function split({ first, step, size, probe, want }: Split): Partition[] {
  const pages = pagesOf(probe);
  const share = Math.ceil(pages / Math.min(want, pages));
  const count = Math.ceil(pages / share);
  return Array.from({ length: count }, (_, index) => {
    const from = first + index * share * step;
    const to = index === count - 1 ? null : from + share * step;
    const range: Range = { from, to, size, first: index === 0 ? null : (probe?.hash ?? null) };
    return { id: String(index), range: { ...range }, estimate: shareOf(probe, index * share, share) };
  });
}

function pagesOf(probe: Probe | null): number {
  if (!probe || probe.records === 0) return 1;
  return Math.max(1, probe.totalPages ?? Math.ceil((probe.total ?? 0) / probe.records));
}

function shareOf(probe: Probe | null, pagesBefore: number, share: number): number | null {
  const estimate = estimateOf(probe);
  if (!probe || estimate === null) return null;
  const before = pagesBefore * probe.records;
  return Math.max(0, Math.min(share * probe.records, estimate - before));
}
