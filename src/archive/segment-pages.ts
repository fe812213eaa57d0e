// Hands out the records of one segment in pages, from any of its pages on.
import type { Context, Encoding, Page, Payload } from '../core/connector.js';
import { Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { SegmentLine } from './format.js';
import { lengthOf, sliceOf } from '../records/chunks.js';
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
    header ??= encoding === 'csv' ? firstRow(piece) : Buffer.alloc(0);
    const [start, first] = [end, end === 0 ? header.length : end];
    end += piece.length;
    const begin = Math.max(skip, first);
    if (begin >= end) continue;
    const chunks = sliceOf(piece.chunks, begin - start);
    const records =
      begin === first && encoding !== 'tar'
        ? piece.records - headers(start, header)
        : count(encoding, chunks);
    yield {
      page: { payload: payloadOf(encoding, header, chunks), records },
      start: begin,
      end: end + restOf(place, line, end),
    };
  }
}

/** The header line counts as a record of the piece that begins with it. */
function headers(start: number, header: Buffer): number {
  return start === 0 && header.length > 0 ? 1 : 0;
}

/** Where reading begins within a piece, and of entries, which are not all records. */
function count(encoding: Encoding, chunks: readonly Uint8Array[]): number {
  const scanner = createScanner(encoding);
  return chunks.reduce((sum, chunk) => sum + scanner.feed(chunk).records, 0);
}

function firstRow({ chunks }: Piece): Buffer {
  const bytes = Buffer.concat(chunks);
  return Buffer.from(bytes.subarray(0, firstRowLength(bytes)));
}

/** What is left after the last record belongs to no page: the end of a tar file. */
function restOf({ encoding }: SegmentPlace, { bytes }: SegmentLine, end: number): number {
  return encoding === 'tar' && bytes - end === TRAILER.length ? TRAILER.length : 0;
}

function payloadOf(encoding: Encoding, header: Buffer, chunks: readonly Uint8Array[]): Payload {
  return encoding === 'csv' ? { format: encoding, header, chunks } : { format: encoding, chunks };
}

/** Whole records, in bytes as they came from the decompressor. */
interface Piece {
  readonly chunks: readonly Uint8Array[];
  /** Of all chunks. */
  readonly length: number;
  readonly records: number;
}

/**
 * A page of records at a time. Where a page ends is settled by the segment's bytes, counted from its begin: whoever reads
 * it again, from wherever, gets the same pages.
 */
async function* pieces(
  decoded: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  most: number,
): AsyncGenerator<Piece> {
  const cutter = createCutter(encoding, { bytes: PAGE_BYTES, records: most });
  let open: Uint8Array[] = [];
  for await (const chunk of decoded) {
    let start = 0;
    for (const { end, records } of cutter.cut(chunk)) {
      yield pieceOf([...open, chunk.subarray(start, end)], records);
      open = [];
      start = end;
    }
    if (start < chunk.length) open.push(chunk.subarray(start));
  }
  if (!cutter.isWhole()) throw new Damage('it ends within a record');
  const chunks = sliceOf(open, 0, lengthOf(open) - cutter.rest());
  if (chunks.length > 0) yield pieceOf(chunks, cutter.open());
}

function pieceOf(chunks: readonly Uint8Array[], records: number): Piece {
  return { chunks, length: lengthOf(chunks), records };
}
