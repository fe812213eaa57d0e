// Cuts the bytes of one COPY into pages of whole records, without copying or decoding them.
import { LonghaulError } from '../../core/errors.js';
import { RecordScanner } from '../../records/csv.js';
import type { Copy } from './session.js';

/** A page holds exactly so many records, or the records of about so many bytes (at least one record). */
export type PageSize = { readonly records: number } | { readonly bytes: number };

export interface CutPage {
  readonly chunks: readonly Uint8Array[];
  readonly records: number;
  /** The last record's bytes; empty where the page is. */
  readonly lastRecord: Uint8Array;
  /** The COPY is over with this page. */
  readonly last: boolean;
}

/**
 * Always yields at least one page, an empty one for no records. Only the final page has `last`; it comes when the
 * server's count of all records agrees with the one made here.
 */
export async function* cutPages(copy: Copy, size: PageSize): AsyncGenerator<CutPage> {
  const scanner = new RecordScanner();
  let page = new OpenPage(size);
  let records = 0;
  for await (const chunk of copy.bytes) {
    for (let start = 0; start < chunk.length;) {
      if (page.full) {
        records += page.records;
        yield page.cut(false);
        page = new OpenPage(size, page.rest());
      }
      start = page.take(scanner, chunk, start);
    }
  }
  expectCount(copy, records + page.records);
  yield page.cut(true);
}

/** A difference would be a fault of the scanner, or of something between it and the server. */
function expectCount(copy: Copy, counted: number): void {
  if (copy.records() === counted) return;
  throw new LonghaulError('internal', `the server sent ${copy.records()} records, ${counted} were counted`);
}

class OpenPage {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  records = 0;
  /** Offsets in this page. */
  private lastStart = 0;
  private lastEnd = 0;

  /** `rest`: bytes of a record whose beginning the page before could not hold; they were scanned already. */
  constructor(
    private readonly size: PageSize,
    rest: readonly Uint8Array[] = [],
  ) {
    for (const chunk of rest) this.append(chunk);
  }

  get full(): boolean {
    return 'records' in this.size
      ? this.records === this.size.records
      : this.records > 0 && this.bytes >= this.size.bytes;
  }

  /** Takes what it can of a chunk; answers where the rest of it begins. */
  take(scanner: RecordScanner, chunk: Uint8Array, start: number): number {
    scanner.scan(chunk, start, 'records' in this.size ? this.size.records - this.records : Infinity);
    const offset = this.bytes - start;
    if (scanner.records > 0) {
      this.lastStart = scanner.records > 1 ? scanner.endBefore + offset : this.lastEnd;
      this.lastEnd = scanner.lastEnd + offset;
      this.records += scanner.records;
    }
    const end = 'records' in this.size && this.full ? scanner.lastEnd : chunk.length;
    this.append(chunk.subarray(start, end));
    return end;
  }

  cut(last: boolean): CutPage {
    const chunks = slice(this.chunks, 0, this.lastEnd);
    const lastRecord = Buffer.concat(slice(this.chunks, this.lastStart, this.lastEnd));
    return { chunks, records: this.records, lastRecord, last };
  }

  /** What came after the last whole record. */
  rest(): Uint8Array[] {
    return slice(this.chunks, this.lastEnd, this.bytes);
  }

  private append(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }
}

function slice(chunks: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (part.length > 0) parts.push(part);
    offset += chunk.length;
  }
  return parts;
}
