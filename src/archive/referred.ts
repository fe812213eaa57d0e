// Fetches the entries that an archive refers to from the archives that hold them, and proves each of them.
import type { Context } from '../core/connector.js';
import type { Reference } from '../core/known.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { padded } from '../records/tar/block.js';
import { readHead, type EntryHead } from '../records/tar/entry.js';
import { NamedDamage, Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { BaseRef, Manifest, SegmentLine } from './format.js';
import { MANIFEST } from './layout.js';
import { readHashedManifest } from './manifest.js';
import { isMissing } from './objects.js';
import { segmentLines } from './segment-lines.js';
import { checkStored } from './segment-reader.js';

export interface Referred {
  /**
   * The entry as it stands in its segment, headers and padding included. Best asked for in the order of keys: then each
   * segment is read once. Throws `NamedDamage`.
   */
  entry(reference: Reference): Promise<Buffer>;
}

/** `bases`: of the archive that refers. Memory: for each base as much as its reader holds. */
export function createReferred(
  ctx: Context,
  store: Store,
  bases: () => Promise<readonly BaseRef[]>,
): Referred {
  const open = new Map<string, Promise<BaseReader>>();

  async function opened(archive: string): Promise<BaseReader> {
    const base = (await bases()).find((one) => one.archive === archive);
    const path = `${archive}/${MANIFEST}`;
    if (!base) throw new NamedDamage(path, 'damaged', 'the manifest does not name it as a base');
    return createBaseReader(ctx, store, archive, await manifestOf(store, base));
  }

  return {
    async entry(reference) {
      const { archive } = reference.from;
      const reader = open.get(archive) ?? opened(archive);
      open.set(archive, reader);
      return (await reader).entry(reference);
    },
  };
}

/** Of a base, which has to be the one that was referred to. Throws `NamedDamage`. */
export async function manifestOf(store: Store, { archive, sha256 }: BaseRef): Promise<Manifest> {
  const path = `${archive}/${MANIFEST}`;
  try {
    const found = await readHashedManifest(store, archive);
    if (found.sha256 === sha256) return found.manifest;
  } catch (error) {
    if (!(error instanceof LonghaulError)) throw error;
    if (error.code === 'archive_missing') throw new NamedDamage(path, 'missing', 'it is not in the store');
    if (error.code !== 'archive_damaged') throw error;
    throw new NamedDamage(path, 'damaged', error.message, { cause: error });
  }
  throw new NamedDamage(path, 'damaged', 'it is another archive by now');
}

interface BaseReader {
  entry(reference: Reference): Promise<Buffer>;
}

interface OpenSegment {
  readonly line: number;
  readonly bytes: ByteReader;
}

function createBaseReader(ctx: Context, store: Store, archive: string, manifest: Manifest): BaseReader {
  const place = { store, archive, compression: manifest.compression, encoding: 'tar' as const };
  const end = Math.max(...manifest.streams.map(({ lines }) => lines.end));
  let segment: OpenSegment | null = null;

  async function lineAt({ line: start, path }: Reference['from']): Promise<SegmentLine> {
    for await (const { line } of segmentLines(store, archive, manifest.segments.path, { start, end })) {
      if (line.path === path) return line;
      break;
    }
    throw new Damage('the list of segments has none where it is referred to');
  }

  async function openAt(from: Reference['from']): Promise<OpenSegment> {
    const line = await lineAt(from);
    await checkStored(ctx, place, line);
    const stored = inRanges(store, `${archive}/${line.path}`, line.storedBytes);
    return { line: from.line, bytes: createByteReader(decompressed(stored, place.compression)) };
  }

  async function read(reference: Reference): Promise<Buffer> {
    const { from } = reference;
    if (segment?.line !== from.line || segment.bytes.position() > from.at) {
      await segment?.bytes.close();
      segment = null;
      segment = await openAt(from);
    }
    await segment.bytes.skipTo(from.at);
    return entryOf(segment.bytes, reference);
  }

  return {
    async entry(reference) {
      const path = `${archive}/${reference.from.path}`;
      try {
        return await read(reference);
      } catch (error) {
        if (isMissing(error)) throw new NamedDamage(path, 'missing', 'it is not in the store');
        if (error instanceof Damage) throw new NamedDamage(path, 'damaged', error.message, { cause: error });
        throw error;
      }
    },
  };
}

async function entryOf(bytes: ByteReader, reference: Reference): Promise<Buffer> {
  const { raw, head } = await headOf(bytes);
  if (!isSame(head, reference)) throw new Damage('it holds another entry where it is referred to');
  return Buffer.concat([raw, await bytes.take(padded(head.bodyLength))]);
}

async function headOf(bytes: ByteReader): Promise<{ readonly raw: Buffer; readonly head: EntryHead }> {
  for (let raw = Buffer.alloc(0); ;) {
    const head = readHead(raw);
    if (typeof head === 'object') return { raw, head };
    if (typeof head === 'string') throw new Damage('it holds no entry where it is referred to');
    raw = Buffer.concat([raw, await bytes.take(head - raw.length)]);
  }
}

function isSame({ entry, bodyLength, reference }: EntryHead, wanted: Reference): boolean {
  const { key, size, offset, version = '' } = entry;
  const isObject = key === wanted.key && size === wanted.size && version === wanted.version;
  return !reference && isObject && offset === wanted.offset && bodyLength === wanted.length;
}

const RANGE_BYTES = 1_048_576;

/** In small ranges, so that no connection stays open while another archive is read. */
async function* inRanges(store: Store, path: string, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < length; start += RANGE_BYTES) {
    yield* store.read(path, { start, end: Math.min(length, start + RANGE_BYTES) });
  }
}

interface ByteReader {
  /** Bytes taken and skipped so far. */
  position(): number;
  skipTo(position: number): Promise<void>;
  /** Exactly so many. Throws `Damage` where there are fewer. */
  take(length: number): Promise<Buffer>;
  close(): Promise<void>;
}

function createByteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let position = 0;

  /** Up to so many, at least one. */
  async function some(most: number): Promise<Uint8Array> {
    while (rest.length === 0) {
      const step = await iterator.next();
      if (step.done) throw new Damage('it ends before what is referred to');
      rest = step.value;
    }
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    position += taken.length;
    return taken;
  }

  return {
    position: () => position,
    async skipTo(to) {
      while (position < to) await some(to - position);
    },
    async take(length) {
      const parts: Uint8Array[] = [];
      for (let left = length; left > 0;) {
        const part = await some(left);
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts);
    },
    close: async () => void (await iterator.return?.(undefined)),
  };
}
