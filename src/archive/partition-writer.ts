// Writes the pages of one partition: segments, and at each flush a part that links them to what came before.
import { randomBytes } from 'node:crypto';
import type { Breadcrumb, Page, SinkWriter, Target } from '../core/connector.js';
import { isClaimed, readClaim, withdrawn, type Folder } from './claim.js';
import type { Part, PartRef, Segment } from './format.js';
import { ordinal, partsFolder } from './layout.js';
import { putLinked } from './linked.js';
import type { SegmentWriter } from './segment-writer.js';
import { pathsOf } from './unlisted.js';

export interface PartitionWriterOptions {
  readonly folder: Folder;
  readonly target: Target;
  /** Where the chain stands; null: at its beginning. */
  readonly from: PartRef | null;
  /** A segment ends with the page that brings it here. Before compression. */
  readonly segmentBytes: number;
  /** A segment of that number in the partition, with the token in its name, to begin with this page. */
  open(place: { readonly seq: number; readonly token: string }, first: Page): Promise<SegmentWriter>;
  /** The paths of the stream's segments that are part of what was published; none before that. */
  listed(): Promise<ReadonlySet<string>>;
}

export function createPartitionWriter(options: PartitionWriterOptions): SinkWriter {
  const { folder, target } = options;
  const { store, path: root } = folder;
  // In every name, so that a second attempt, or one that was given up for dead, writes beside this one.
  const token = randomBytes(8).toString('hex');
  let head = options.from;
  let lastBreadcrumb: string | null = null;
  let current: SegmentWriter | null = null;
  let committed: Segment[] = [];
  /** A part that names what is committed and may be there: another attempt may have gone on from it. */
  let shared: string | null = null;

  async function segmentFor(page: Page): Promise<SegmentWriter> {
    current ??= await options.open({ seq: (head?.segments ?? 0) + committed.length, token }, page);
    return current;
  }

  async function endSegment(): Promise<void> {
    if (!current) return;
    const segment = await current.commit();
    current = null;
    committed.push(segment);
  }

  async function link(breadcrumb: Breadcrumb): Promise<PartRef> {
    const part = nextPart(head, target, committed, breadcrumb);
    const path = `${partsFolder(target)}/${ordinal(part.seq)}-${token}.json`;
    shared = path;
    const linked = await putLinked(store, root, part, () => path);
    if (!(await isClaimed(folder))) {
      await withdraw(path);
      throw withdrawn(root);
    }
    shared = null;
    const segments = (head?.segments ?? 0) + committed.length;
    return { ...linked, seq: part.seq, segments, records: part.records };
  }

  /** The folder was sealed or discarded meanwhile. Sealed, it may hold segments of this very part: those stay. */
  async function withdraw(part: string): Promise<void> {
    await store.remove(`${root}/${part}`);
    const listed = await options.listed();
    await removeSegments(committed.filter(({ path }) => !listed.has(path)));
    if (!(await readClaim(store, root))) await store.sweep(root);
  }

  async function removeSegments(segments: readonly Segment[]): Promise<void> {
    for (const path of segments.flatMap(pathsOf)) await store.remove(`${root}/${path}`);
  }

  async function drop(): Promise<void> {
    const segment = current;
    current = null;
    await segment?.abort();
    if (shared === null) await removeSegments(committed);
    else if (!(await isClaimed(folder))) await withdraw(shared);
  }

  return {
    async write(page) {
      if (!page.payload.chunks.some((chunk) => chunk.length > 0)) return;
      const segment = await segmentFor(page);
      await segment.write(page);
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
