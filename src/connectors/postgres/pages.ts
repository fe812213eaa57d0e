// Cuts the bytes of one COPY into pages of whole records, without copying or decoding them.
import { LonghaulError } from '../../core/errors.js';
import type { RowBytes } from './framer.js';
import type { Copy } from './session.js';
import type { Slab } from './slabs.js';

/** A page holds exactly so many records, or the records of about so many bytes (at least one record). */
export type PageSize = { readonly records: number } | { readonly bytes: number };

export interface CutPage {
  readonly chunks: readonly Uint8Array[];
  readonly records: number;
  /** The last record's bytes; empty where the page is. */
  readonly lastRecord: Uint8Array;
  /** The COPY is over with this page. */
  readonly last: boolean;
  /** Nobody needs the chunks any more: other rows may be read into their memory. */
  readonly release: () => void;
}

/** Some bytes of rows, and the memory that they are in. */
type Piece = Pick<RowBytes, 'bytes' | 'slab'>;

/**
 * Always yields at least one page, an empty one for no records. Only the final page has `last`; it comes when the
 * server's count of all records agrees with the one made here.
 */
export async function* cutPages(copy: Copy, size: PageSize): AsyncGenerator<CutPage> {
  let page = new OpenPage(size);
  let records = 0;
  for await (const some of copy.rows) {
    for (const rows of some.map((each) => new Untaken(each))) {
      while (rows.left) {
        if (page.full) {
          const full = page;
          records += full.records;
          // Before the page is handed out, and its memory may be given back.
          page = new OpenPage(size, full.rest());
          yield full.cut(false);
        }
        page.take(rows);
      }
      rows.slab?.drop();
    }
  }
  expectCount(copy, records + page.records);
  yield page.cut(true);
}

/** A difference would be a fault of the reader, or of something between it and the server. */
function expectCount(copy: Copy, counted: number): void {
  if (copy.records() === counted) return;
  throw new LonghaulError('internal', `the server sent ${copy.records()} records, ${counted} were counted`);
}

/** What pages have not taken yet of some rows. */
class Untaken implements RowBytes {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  readonly slab?: Slab;
  /** Where it begins. */
  at = 0;
  /** How many of the ends were taken. */
  ended = 0;

  constructor({ bytes, ends, slab }: RowBytes) {
    this.bytes = bytes;
    this.ends = ends;
    if (slab) this.slab = slab;
  }

  get left(): boolean {
    return this.at < this.bytes.length;
  }

  moveTo(at: number, ended: number): void {
    this.at = at;
    this.ended = ended;
  }
}

class OpenPage {
  private readonly pieces: Piece[] = [];
  private bytes = 0;
  records = 0;
  /** Offsets in this page. */
  private lastStart = 0;
  private lastEnd = 0;

  /** `rest`: bytes of a record whose beginning the page before could not hold; they were scanned already. */
  constructor(
    private readonly size: PageSize,
    rest: readonly Piece[] = [],
  ) {
    for (const piece of rest) this.append(piece);
  }

  get full(): boolean {
    return 'records' in this.size
      ? this.records === this.size.records
      : this.records > 0 && this.bytes >= this.size.bytes;
  }

  /** Takes what it can. */
  take(rows: Untaken): void {
    const { bytes, ends, slab } = rows;
    const upto = 'records' in this.size ? rows.ended + this.size.records - this.records : ends.length;
    const ended = Math.min(upto, ends.length);
    if (ended > rows.ended) {
      const offset = this.bytes - rows.at;
      this.lastStart = ended - rows.ended > 1 ? ends[ended - 2]! + offset : this.lastEnd;
      this.lastEnd = ends[ended - 1]! + offset;
      this.records += ended - rows.ended;
    }
    const end = 'records' in this.size && this.full ? ends[ended - 1]! : bytes.length;
    this.append({ bytes: bytes.subarray(rows.at, end), ...(slab && { slab }) });
    rows.moveTo(end, ended);
  }

  cut(last: boolean): CutPage {
    const chunks = slice(this.pieces, 0, this.lastEnd).map(({ bytes }) => bytes);
    const lastRecord = Buffer.concat(
      slice(this.pieces, this.lastStart, this.lastEnd).map(({ bytes }) => bytes),
    );
    const release = () => this.pieces.splice(0).forEach(({ slab }) => slab?.drop());
    return { chunks, records: this.records, lastRecord, last, release };
  }

  /** What came after the last whole record. */
  rest(): Piece[] {
    return slice(this.pieces, this.lastEnd, this.bytes);
  }

  private append(piece: Piece): void {
    piece.slab?.hold();
    this.pieces.push(piece);
    this.bytes += piece.bytes.length;
  }
}

function slice(pieces: readonly Piece[], start: number, end: number): Piece[] {
  const parts: Piece[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const { length } = piece.bytes;
    const bytes = piece.bytes.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (bytes.length > 0) parts.push({ ...piece, bytes });
    offset += length;
  }
  return parts;
}
