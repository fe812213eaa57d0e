// Reads one segment and holds it against its line in segments.jsonl.
import { createHash } from 'node:crypto';
import type { Context, Encoding } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { Compression, SegmentLine } from './format.js';
import { createScanner } from '../records/scan.js';

export interface SegmentPlace {
  readonly store: Store;
  readonly archive: string;
  readonly compression: Compression;
  readonly encoding: Encoding;
}

/** Reads all of it. Throws `Damage`, or `object_missing`. */
export async function checkSegment(ctx: Context, place: SegmentPlace, line: SegmentLine): Promise<void> {
  const scanner = createScanner(place.encoding);
  let records = place.encoding === 'csv' ? -1 : 0;
  let bytes = 0;
  for await (const chunk of decompressed(storedBytes(ctx, place, line), place.compression)) {
    records += scanner.feed(chunk).records;
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

/** The object as it is stored; throws `Damage` at its end where size or hash differ. */
export async function* storedBytes(
  ctx: Context,
  { store, archive }: SegmentPlace,
  line: SegmentLine,
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
