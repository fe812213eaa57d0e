// Hands out the records of one segment in pages, from any of its pages on.
import type { Context, Encoding, Page, Payload } from '../core/connector.js';
import { Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { SegmentLine } from './format.js';
import { createScanner, firstRowLength } from '../records/scan.js';
import { TRAILER } from '../records/tar/block.js';
import { storedBytes, type SegmentPlace } from './segment-reader.js';

const PAGE_BYTES = 1_048_576;

/** A page without its cursor, and where its records end, in bytes after decompression. */
export interface SegmentPage {
  readonly page: Omit<Page, 'next'>;
  readonly end: number;
}

/** `skip`: the `end` of the last page that was handed out before, or 0. Throws `Damage`, or `object_missing`. */
export async function* segmentPages(
  ctx: Context,
  place: SegmentPlace,
  line: SegmentLine,
  skip: number,
): AsyncGenerator<SegmentPage> {
  const { encoding } = place;
  let header: Buffer | null = null;
  let end = 0;
  for await (const piece of pieces(
    decompressed(storedBytes(ctx, place, line), place.compression),
    encoding,
  )) {
    header ??= encoding === 'csv' ? piece.subarray(0, firstRowLength(piece)) : Buffer.alloc(0);
    const begin = Math.max(skip, end === 0 ? header.length : end);
    end += piece.length;
    if (begin >= end) continue;
    const bytes = piece.subarray(piece.length - (end - begin));
    const { records } = createScanner(encoding).feed(bytes);
    yield {
      page: { payload: payloadOf(encoding, header, bytes), records },
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

/** Whole records, about a page of them at a time (more only where one record is larger). */
async function* pieces(decoded: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Buffer> {
  const scanner = createScanner(encoding);
  let chunks: Uint8Array[] = [];
  let size = 0;
  /** Of the records that are whole: a length within `chunks`. */
  let whole = 0;
  for await (const chunk of decoded) {
    const { end } = scanner.feed(chunk);
    if (end > 0) whole = size + end;
    chunks.push(chunk);
    size += chunk.length;
    if (whole < PAGE_BYTES) continue;
    const all = Buffer.concat(chunks);
    yield all.subarray(0, whole);
    chunks = [all.subarray(whole)];
    size -= whole;
    whole = 0;
  }
  if (!scanner.isWhole()) throw new Damage('it ends within a record');
  if (whole > 0) yield Buffer.concat(chunks).subarray(0, whole);
}
