// Makes an archive out of what a job wrote: walks every chain, lists the segments, and writes the manifest last.
import { createHash, randomUUID } from 'node:crypto';
import type { Context, SealSummary } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { ObjectWriter, Store } from '../core/store.js';
import { segmentsBackwards } from './chain.js';
import { exists, isClaimed, readClaim, readEnding, withdrawn } from './claim.js';
import { FORMAT, type ArchiveHead, type Claim, type Manifest, type StreamDescription } from './format.js';
import { CLAIM, isSegmentName, MANIFEST, REPORT, SCRATCH, SEGMENTS, WORK } from './layout.js';
import { encodeManifest } from './manifest.js';
import { sha256 } from './objects.js';
import { createReversed, type Reversed } from './reversed.js';
import { createTotals, type Totals } from './totals.js';
import { unlisted } from './unlisted.js';

export interface SealWork {
  readonly claim: Claim;
  /** Of all streams, sorted by name. */
  readonly streams: readonly StreamDescription[];
  /** Of all partitions, in order. */
  readonly heads: readonly ArchiveHead[];
  readonly report: JsonObject;
  readonly completedAt: string;
}

/** Writes segments.jsonl, report.json and manifest.json. Of two that seal at once, one manifest stands. */
export async function publish(ctx: Context, store: Store, archive: string, work: SealWork): Promise<void> {
  const totals = createTotals(work.streams);
  const list = await writeSegmentList(ctx, store, archive, work.heads, totals);
  // Listed while the job had its claim: whoever gives it up from here on takes the list away, which tells below.
  if (!(await isClaimed(store, archive, work.claim.job))) throw withdrawn(archive);
  const streams = totals.streams();
  const result = summaryOf({ streams, segments: { path: SEGMENTS, ...list } });
  const report = Buffer.from(`${JSON.stringify({ ...work.report, result }, null, 2)}\n`);
  await store.put(`${archive}/${REPORT}`, report);
  const manifest = encodeManifest({
    format: FORMAT,
    id: work.claim.id,
    job: work.claim.job,
    createdAt: work.claim.createdAt,
    completedAt: work.completedAt,
    source: work.claim.source,
    compression: work.claim.compression,
    segments: { path: SEGMENTS, ...list },
    report: { path: REPORT, sha256: sha256(report) },
    streams,
  });
  await putManifest(store, archive, work.claim.job, manifest);
}

/**
 * If the claim is gone right after, then either another seal has cleared up behind this manifest, or the job was given up
 * before it: that took segments.jsonl away as well, and the manifest must go too.
 */
async function putManifest(store: Store, archive: string, job: string, manifest: Buffer): Promise<void> {
  const path = `${archive}/${MANIFEST}`;
  if (!(await store.put(path, manifest, { ifAbsent: true }))) {
    if (!(await isSealedBy(store, archive, job))) throw withdrawn(archive);
    return;
  }
  if (await isClaimed(store, archive, job)) return;
  if (await store.stat(`${archive}/${SEGMENTS}`)) return;
  await store.remove(path);
  throw withdrawn(archive);
}

async function writeSegmentList(
  ctx: Context,
  store: Store,
  archive: string,
  heads: readonly ArchiveHead[],
  totals: Totals,
): Promise<{ sha256: string; count: number }> {
  const object = await store.create(`${archive}/${SEGMENTS}`);
  const hash = createHash('sha256');
  const scratch = `${archive}/${SCRATCH}/${randomUUID()}`;
  try {
    for (const head of heads) {
      if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
      const lines = createReversed(store, scratch);
      await collectLines(ctx, store, archive, head, { lines, totals });
      for await (const piece of lines.read()) await writeTo(object, hash, piece);
    }
    await object.commit();
  } catch (error) {
    await object.abort().catch(() => undefined);
    throw error;
  }
  return { sha256: hash.digest('hex'), count: totals.count() };
}

async function collectLines(
  ctx: Context,
  store: Store,
  archive: string,
  head: ArchiveHead,
  { lines, totals }: { lines: Reversed; totals: Totals },
): Promise<void> {
  const { stream, partition } = head;
  for await (const segment of segmentsBackwards(store, archive, head)) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    const line = `${JSON.stringify({ stream, partition, ...segment })}\n`;
    totals.add(stream, segment, Buffer.byteLength(line));
    await lines.add(line);
  }
}

async function writeTo(
  object: ObjectWriter,
  hash: ReturnType<typeof createHash>,
  piece: Uint8Array,
): Promise<void> {
  hash.update(piece);
  await object.write(piece);
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

/** After a seal that failed: where the job was given up meanwhile, nobody else clears away what the seal still wrote. */
export async function withdrawSeal(store: Store, archive: string): Promise<void> {
  const [claimed, ending] = [await readClaim(store, archive), await readEnding(store, archive)];
  if (claimed || ending?.kind === 'sealed') return;
  await store.removeAll(`${archive}/${WORK}`);
  for (const name of [SEGMENTS, REPORT]) await store.remove(`${archive}/${name}`);
  await store.sweep(archive);
}

/** `archive_exists` where another job sealed it, `chain_broken` where this one gave it up. */
export async function isSealedBy(store: Store, archive: string, job: string): Promise<boolean> {
  const ending = await readEnding(store, archive);
  if (ending === null) return false;
  if (ending.job !== job) throw exists(archive, 'is the archive of another job');
  if (ending.kind === 'discarded') throw withdrawn(archive);
  return true;
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
