// Makes an archive out of what a job wrote: walks every chain, lists the segments, and writes the manifest last.
import type { Context, SealSummary } from '../core/connector.js';
import type { JsonObject } from '../core/json.js';
import type { Store } from '../core/store.js';
import { isClaimed, withdrawn, type Folder } from './claim.js';
import { putEnding } from './folder-sink.js';
import {
  FORMAT,
  FORMAT_WITH_BASES,
  type BaseRef,
  type ArchiveClaim,
  type ArchiveHead,
  type Manifest,
  type StreamDescription,
} from './format.js';
import { CLAIM, isSegmentName, REPORT, SEGMENTS, WORK } from './layout.js';
import { encodeManifest } from './manifest.js';
import { sha256 } from './objects.js';
import { writeSegmentList } from './segment-list.js';
import { createTotals } from './totals.js';
import { unlisted } from './unlisted.js';

export interface SealWork {
  readonly claim: ArchiveClaim;
  /** Of all streams, sorted by name. */
  readonly streams: readonly StreamDescription[];
  /** What it refers to; empty: nothing. */
  readonly bases: readonly BaseRef[];
  /** Of all partitions, in order. */
  readonly heads: readonly ArchiveHead[];
  readonly report: JsonObject;
  readonly completedAt: string;
}

/** Writes segments.jsonl, report.json and manifest.json. Of two that seal at once, one manifest stands. */
export async function publish(ctx: Context, folder: Folder, work: SealWork): Promise<void> {
  const { store, path } = folder;
  const totals = createTotals(work.streams);
  const list = await writeSegmentList(ctx, store, path, { path: SEGMENTS, heads: work.heads, totals });
  // Listed while the job had its claim: whoever gives it up from here on takes the list away, which `putEnding` sees.
  if (!(await isClaimed(folder))) throw withdrawn(path);
  const streams = totals.streams();
  const result = summaryOf({ streams, segments: { path: SEGMENTS, ...list } });
  const report = Buffer.from(`${JSON.stringify({ ...work.report, result }, null, 2)}\n`);
  await store.put(`${path}/${REPORT}`, report);
  const manifest = encodeManifest({
    format: work.bases.length > 0 ? FORMAT_WITH_BASES : FORMAT,
    id: work.claim.id,
    job: work.claim.job,
    createdAt: work.claim.createdAt,
    completedAt: work.completedAt,
    source: work.claim.source,
    compression: work.claim.compression,
    segments: { path: SEGMENTS, ...list },
    report: { path: REPORT, sha256: sha256(report) },
    streams,
    ...(work.bases.length > 0 && { bases: [...work.bases] }),
  });
  await putEnding(folder, manifest, SEGMENTS);
}

/** Clears away what the archive does not need. The claim goes first: whoever still writes sees that, and withdraws. */
export async function tidy(store: Store, archive: string, manifest: Manifest): Promise<void> {
  await store.remove(`${archive}/${CLAIM}`);
  for await (const { path } of unlisted(store, archive, manifest)) {
    const isWork = path.startsWith(`${archive}/${WORK}/`);
    if (!isWork && isSegmentName(path.slice(path.lastIndexOf('/') + 1))) await store.remove(path);
  }
  await store.removeAll(`${archive}/${WORK}`);
  await store.sweep(archive);
}

export function summaryOf({ streams, segments }: Pick<Manifest, 'streams' | 'segments'>): SealSummary {
  const sum = (of: 'records' | 'bytes' | 'storedBytes') =>
    streams.reduce((all, stream) => all + stream[of], 0);
  return {
    records: sum('records'),
    bytes: sum('bytes'),
    storedBytes: sum('storedBytes'),
    segments: segments.count,
  };
}
