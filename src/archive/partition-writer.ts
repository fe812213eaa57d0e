// Writes the pages of one partition: segments, and at each flush a part that links them to what came before.
import { randomBytes } from 'node:crypto';
import type { Breadcrumb, Encoding, Page, SinkWriter, Target } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { isClaimed, readClaim, withdrawn } from './claim.js';
import type { Compression, Part, PartRef, Segment } from './format.js';
import { ordinal, partitionFolder, partsFolder, segmentName } from './layout.js';
import { putLinked } from './linked.js';
import { listedSegments } from './listed.js';
import { TRAILER } from '../records/tar/block.js';
import { goesOn } from '../records/tar/scan.js';
import { openSegment, type SegmentWriter } from './segment-writer.js';

export interface PartitionWriterOptions {
  readonly store: Store;
  readonly archive: string;
  readonly job: string;
  readonly target: Target;
  /** Where the chain stands; null: at its beginning. */
  readonly from: PartRef | null;
  readonly compression: Compression;
  /** A segment ends with the page that brings it here. Before compression. */
  readonly segmentBytes: number;
}

export function createPartitionWriter(options: PartitionWriterOptions): SinkWriter {
  const { store, archive, target } = options;
  // In every name, so that a second attempt, or one that was given up for dead, writes beside this one.
  const token = randomBytes(8).toString('hex');
  let head = options.from;
  let lastBreadcrumb: string | null = null;
  let current: SegmentWriter | null = null;
  let encoding: Encoding | null = null;
  let committed: Segment[] = [];
  /** A part that names what is committed and may be there: another attempt may have gone on from it. */
  let shared: string | null = null;

  async function segmentFor({ payload }: Page): Promise<SegmentWriter> {
    if (current) return current;
    const seq = (head?.segments ?? 0) + committed.length;
    encoding = payload.format;
    const isWithin = payload.format === 'tar' && goesOn(payload.chunks);
    current = await openSegment(
      store,
      archive,
      { seq, path: pathOf(seq, encoding), ...(isWithin && { goesOn: true }) },
      options.compression,
    );
    if (payload.format === 'csv') await current.write(payload.header);
    return current;
  }

  function pathOf(seq: number, encoding: Encoding): string {
    return `${partitionFolder(target)}/${segmentName(seq, token, encoding, options.compression)}`;
  }

  async function endSegment(): Promise<void> {
    if (!current) return;
    if (encoding === 'tar') await current.write(TRAILER);
    const segment = await current.commit();
    current = null;
    committed.push(segment);
  }

  async function link(breadcrumb: Breadcrumb): Promise<PartRef> {
    const part = nextPart(head, target, committed, breadcrumb);
    const path = `${partsFolder(target)}/${ordinal(part.seq)}-${token}.json`;
    shared = path;
    const linked = await putLinked(store, archive, part, () => path);
    if (!(await isClaimed(store, archive, options.job))) {
      await withdraw(path);
      throw withdrawn(archive);
    }
    shared = null;
    const segments = (head?.segments ?? 0) + committed.length;
    return { ...linked, seq: part.seq, segments, records: part.records };
  }

  /** The archive was sealed or discarded meanwhile. Sealed, it may hold segments of this very part: those stay. */
  async function withdraw(part: string): Promise<void> {
    await store.remove(`${archive}/${part}`);
    const listed = await listedSegments(store, archive, target.stream);
    await removeSegments(committed.filter(({ path }) => !listed.has(path)));
    if (!(await readClaim(store, archive))) await store.sweep(archive);
  }

  async function removeSegments(segments: readonly Segment[]): Promise<void> {
    for (const { path } of segments) await store.remove(`${archive}/${path}`);
  }

  async function drop(): Promise<void> {
    const segment = current;
    current = null;
    await segment?.abort();
    if (shared === null) await removeSegments(committed);
    else if (!(await isClaimed(store, archive, options.job))) await withdraw(shared);
  }

  return {
    async write(page) {
      if (!page.payload.chunks.some((chunk) => chunk.length > 0)) return;
      const segment = await segmentFor(page);
      for (const chunk of page.payload.chunks) await segment.write(chunk);
      segment.addRecords(page.records);
      if (segment.bytes >= options.segmentBytes) await endSegment();
    },

    async flush(breadcrumb) {
      await endSegment();
      const now = JSON.stringify([breadcrumb.cursor, breadcrumb.done, breadcrumb.rejects]);
      if (head && committed.length === 0 && now === lastBreadcrumb) return { ...head };
      head = await link(breadcrumb);
      lastBreadcrumb = now;
      committed = [];
      return { ...head };
    },

    /** Tidies as far as it can: what it leaves is in no chain, and sealing removes it. */
    abort: () => drop().catch(() => undefined),
  };
}

function nextPart(head: PartRef | null, target: Target, segments: Segment[], breadcrumb: Breadcrumb): Part {
  const { stream, partition, index } = target;
  return {
    prev: head && { path: head.path, sha256: head.sha256 },
    seq: head ? head.seq + 1 : 0,
    target: { stream, partition, index },
    segments,
    records: segments.reduce((sum, segment) => sum + segment.records, head?.records ?? 0),
    cursor: breadcrumb.cursor as Part['cursor'],
    done: breadcrumb.done,
    tallies: breadcrumb.tallies,
    ...(breadcrumb.rejects && { rejects: breadcrumb.rejects }),
  };
}
