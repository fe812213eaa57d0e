// Hands out the records of one segment in pages, from any of its pages on.
import type { Context, Encoding, Page, Payload } from '../core/connector.js';
import { Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { SegmentLine } from './format.js';
import { createCutter } from '../records/cutter.js';
import { createScanner, firstRowLength } from '../records/scan.js';
import { TRAILER } from '../records/tar/block.js';
import { storedBytes, type SegmentPlace } from './segment-reader.js';

const PAGE_BYTES = 1_048_576;

/** A page without its cursor, and where its records begin and end, in bytes after decompression. */
export interface SegmentPage {
  readonly page: Omit<Page, 'next'>;
  readonly start: number;
  readonly end: number;
}

export interface PagesWanted {
  /** The `end` of the last page that was handed out before, or 0. */
  readonly skip: number;
  /** A page has at most so many; a MiB of them ends it in any case. */
  readonly records: number;
}

/** Throws `Damage`, or `object_missing`. */
export async function* segmentPages(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  { skip, records: most }: PagesWanted,
): AsyncGenerator<SegmentPage> {
  const { encoding } = place;
  const decoded = decompressed(storedBytes(ctx, place, line), place.compression);
  let header: Buffer | null = null;
  let end = 0;
  for await (const piece of pieces(decoded, encoding, most)) {
    header ??= encoding === 'csv' ? piece.subarray(0, firstRowLength(piece)) : Buffer.alloc(0);
    const begin = Math.max(skip, end === 0 ? header.length : end);
    end += piece.length;
    if (begin >= end) continue;
    const bytes = piece.subarray(piece.length - (end - begin));
    const { records } = createScanner(encoding).feed(bytes);
    yield {
      page: { payload: payloadOf(encoding, header, bytes), records },
      start: begin,
      end: end + restOf(place, line, end),
    };
  }
}

/** What is left after the last record belongs to no page: the end of a tar file. */
function restOf({ encoding }: SegmentPlace, { bytes }: SegmentLine, end: number): number {
  return encoding === 'tar' && bytes - end === TRAILER.length ? TRAILER.length : 0;
}

function payloadOf(encoding: Encoding, header: Buffer, bytes: Buffer): Payload {
  return encoding === 'csv'
    ? { format: encoding, header, chunks: [bytes] }
    : { format: encoding, chunks: [bytes] };
}

/**
 * Whole records, a page of them at a time. Where a page ends is settled by the segment's bytes, counted from its begin:
 * whoever reads it again, from wherever, gets the same pages.
 */
async function* pieces(
  decoded: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  most: number,
): AsyncGenerator<Buffer> {
  const cutter = createCutter(encoding, { bytes: PAGE_BYTES, records: most });
  let open: Uint8Array[] = [];
  for await (const chunk of decoded) {
    let start = 0;
    for (const end of cutter.cut(chunk)) {
      yield joined([...open, chunk.subarray(start, end)]);
      open = [];
      start = end;
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  }
  if (!cutter.isWhole()) throw new Damage('it ends within a record');
  const last = joined(open);
  const records = last.subarray(0, last.length - cutter.rest());
  if (records.length > 0) yield records;
}

/** What lies within one chunk is not copied. */
function joined(parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  if (parts.length > 1 || !first) return Buffer.concat(parts);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}
