// Reads one segment and holds it against its line in segments.jsonl.
import { createHash } from 'node:crypto';
import type { Context, Encoding } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import type { Reference } from '../core/known.js';
import type { EntryHead } from '../records/tar/entry.js';
import { EntryScanner } from '../records/tar/scan.js';
import { NamedDamage, Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { Compression, SegmentLine } from './format.js';
import { isMissing } from './objects.js';
import { createScanner } from '../records/scan.js';

export interface SegmentPlace {
  readonly store: Store;
  readonly archive: string;
  readonly compression: Compression;
  readonly encoding: Encoding;
}

/**
 * Reads all of it. Throws `Damage`, or `object_missing`, and what `follow` throws, which is given each reference that a
 * tar segment holds.
 */
export async function checkSegment(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  follow: (reference: Reference) => Promise<void>,
): Promise<void> {
  let found: Reference[] = [];
  const keep = ({ reference }: EntryHead): void => void (reference && found.push(reference));
  const scanner = place.encoding === 'tar' ? new EntryScanner(keep) : createScanner(place.encoding);
  let records = place.encoding === 'csv' ? -1 : 0;
  let bytes = 0;
  for await (const chunk of decompressed(storedBytes(ctx, place, line), place.compression)) {
    records += scanner.feed(chunk).records;
    for (const reference of found) await follow(reference);
    found = [];
    bytes += chunk.length;
    if (bytes > line.bytes) throw new Damage(`it holds more than the ${line.bytes} bytes that are listed`);
  }
  if (bytes !== line.bytes) throw new Damage(`it holds ${bytes} bytes, listed are ${line.bytes}`);
  if (!scanner.isWhole()) throw new Damage('it ends within a record');
  if (records !== line.records) throw new Damage(`it holds ${records} records, listed are ${line.records}`);
}

/** Reads and hashes it without decompressing. Throws `Damage`, or `object_missing`. */
export async function checkStored(ctx: Context, place: SegmentPlace, line: SegmentLine): Promise<void> {
  const chunks = storedBytes(ctx, place, line)[Symbol.asyncIterator]();
  while (!(await chunks.next()).done);
}

/** Of a tar segment, where it has one. Throws `NamedDamage`, which names it. */
export async function checkList(ctx: Context, place: SegmentPlace, { list }: SegmentLine): Promise<void> {
  if (!list) return;
  try {
    for await (const _ of storedBytes(ctx, place, list));
  } catch (error) {
    const path = `${place.archive}/${list.path}`;
    if (isMissing(error)) throw new NamedDamage(path, 'missing', 'it is not in the store');
    if (error instanceof Damage) throw new NamedDamage(path, 'damaged', error.message, { cause: error });
    throw error;
  }
}

/** The object as it is stored; throws `Damage` at its end where size or hash differ. */
export async function* storedBytes(
  ctx: Pick<Context, 'signal'>,
  { store, archive }: Pick<SegmentPlace, 'store' | 'archive'>,
  line: Pick<SegmentLine, 'path' | 'storedBytes' | 'sha256'>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of store.read(`${archive}/${line.path}`)) {
    if (ctx.signal.aborted) throw new Stopped();
    size += chunk.length;
    if (size > line.storedBytes)
      throw new Damage(`it is longer than the ${line.storedBytes} bytes that are listed`);
    hash.update(chunk);
    yield chunk;
  }
  if (size !== line.storedBytes) {
    throw new Damage(`it is ${size} bytes long, listed are ${line.storedBytes}`);
  }
  if (hash.digest('hex') !== line.sha256) throw new Damage('its sha256 is not the one that is listed');
}
