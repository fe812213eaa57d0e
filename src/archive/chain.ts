// The chain of a partition: its manifest parts, each naming the one before by hash.
import type { Checkpoint } from '../core/checkpoint.js';
import type { Target } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { partSchema, type ArchiveHead, type Part, type PartRef, type Segment } from './format.js';
import { ordinal, partsFolder } from './layout.js';
import { backwards, chainBroken } from './linked.js';
import { decodeJson, readIfThere, sha256 } from './objects.js';

/** The segments of a finished partition, last first. `chain_broken` where the chain does not hold what its head says. */
export async function* segmentsBackwards(
  store: Store,
  archive: string,
  head: ArchiveHead,
): AsyncGenerator<Segment> {
  let next = head.state.segments - 1;
  let records = 0;
  for await (const part of backwards(store, archive, head.state, partSchema)) {
    if (!belongs(part, head) || (part.seq === head.state.seq && !part.done)) {
      throw chainBroken(archive, head.state, 'does not end this partition');
    }
    for (const segment of part.segments.toReversed()) {
      if (segment.seq !== next) throw chainBroken(archive, head.state, 'leads to segments out of sequence');
      next -= 1;
      records += segment.records;
      yield segment;
    }
  }
  if (next !== -1 || records !== head.state.records || records !== head.records) {
    throw chainBroken(archive, head.state, 'does not add up');
  }
}

/**
 * The newest breadcrumb that follows `from` in the work folder; null: none does. Where two writers went on from the same
 * place each has a chain of its own, complete in itself; the longest is taken.
 */
export async function newestAfter(
  store: Store,
  archive: string,
  target: Target,
  from: PartRef | null,
): Promise<Checkpoint | null> {
  let newest: { ref: PartRef; part: Part } | null = null;
  let tips = new Map<string | null, PartRef | null>([[from?.sha256 ?? null, from]]);
  let next = new Map<string | null, PartRef | null>();
  let seq = from ? from.seq + 1 : 0;
  for await (const { path } of partsFrom(store, archive, target, seq)) {
    const found = await readPart(store, archive, path);
    if (!found || !belongs(found.part, target)) continue;
    if (found.part.seq > seq) [tips, next, seq] = [next, new Map(), seq + 1];
    const before = tips.get(found.part.prev?.sha256 ?? null);
    if (before === undefined || found.part.seq !== seq) continue;
    const ref = refOf(found, before);
    next.set(ref.sha256, ref);
    newest = { ref, part: found.part };
  }
  return newest && checkpointOf(newest.part, newest.ref);
}

/** The list is sorted, and names begin with the part's number. */
async function* partsFrom(store: Store, archive: string, target: Target, seq: number) {
  const folder = `${archive}/${partsFolder(target)}`;
  const first = `${folder}/${ordinal(seq)}`;
  for await (const object of store.list(folder)) if (object.path >= first) yield object;
}

interface FoundPart {
  readonly part: Part;
  readonly path: string;
  readonly sha256: string;
}

/** null: removed since it was listed. */
async function readPart(store: Store, archive: string, path: string): Promise<FoundPart | null> {
  const bytes = await readIfThere(store, path);
  if (bytes === null) return null;
  const part = decodeJson(bytes, partSchema, 'chain_broken', path);
  return { part, path: path.slice(archive.length + 1), sha256: sha256(bytes) };
}

function refOf({ part, path, sha256: hash }: FoundPart, before: PartRef | null): PartRef {
  const segments = (before?.segments ?? 0) + part.segments.length;
  return { path, sha256: hash, seq: part.seq, segments, records: part.records };
}

function checkpointOf({ cursor, done, tallies, rejects }: Part, ref: PartRef): Checkpoint {
  return { cursor, done, tallies, ...(rejects && { rejects }), sink: { ...ref } };
}

function belongs({ target }: Part, { stream, partition }: { stream: string; partition: string }): boolean {
  return target.stream === stream && target.partition === partition;
}
