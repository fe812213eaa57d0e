// Finds where entries end in the bytes of a tar file that come in pieces of any size.
import { padded } from './block.js';
import { readHead, type EntryHead } from './entry.js';

const NOTHING: Buffer = Buffer.alloc(0);

/** An object that goes on in another entry is counted with its last one; yet bytes can be parted between any two. */
export class EntryScanner {
  /** The headers that have come of the entry being read. */
  private head = NOTHING;
  /** Bytes of the body, with its padding, that are still to come. */
  private rest = 0;
  private isLast = false;
  private records = 0;
  private zeros = 0;
  private broken = false;
  private position = 0;

  /** `found` hears of each entry once its headers have come, and where it begins. */
  constructor(private readonly found: (head: EntryHead, at: number) => void = () => undefined) {}

  feed(bytes: Uint8Array): { records: number; end: number } {
    const before = this.records;
    let end = 0;
    for (const at of this.ends(bytes)) end = at;
    return { records: this.records - before, end };
  }

  /** Where entries end in these bytes. To be used up before the next call. */
  *ends(bytes: Uint8Array): Generator<number> {
    let at = 0;
    while (at < bytes.length && !this.broken) {
      at += this.rest > 0 ? this.takeBody(bytes.length - at) : this.takeHead(bytes.subarray(at));
      if (!this.isBetween()) continue;
      this.records += this.isLast ? 1 : 0;
      this.isLast = false;
      if (this.zeros === 0) yield at;
    }
  }

  /** Whole entries, and nothing or the end of a tar file after them. */
  isWhole(): boolean {
    return !this.broken && this.isBetween() && (this.zeros === 0 || this.zeros === 2);
  }

  private isBetween(): boolean {
    return this.rest === 0 && this.head.length === 0;
  }

  private takeBody(available: number): number {
    const taken = Math.min(this.rest, available);
    this.rest -= taken;
    this.position += taken;
    return taken;
  }

  private takeHead(bytes: Uint8Array): number {
    const known = readHead(this.head);
    const taken = typeof known === 'number' ? bytes.subarray(0, known - this.head.length) : NOTHING;
    this.head = Buffer.concat([this.head, taken]);
    this.position += taken.length;
    this.look();
    return taken.length;
  }

  private look(): void {
    const found = readHead(this.head);
    if (typeof found === 'number') return;
    this.head = NOTHING;
    if (found === 'zeros') this.zeros += 1;
    else if (found === 'broken' || this.zeros > 0) this.broken = true;
    else {
      this.rest = padded(found.bodyLength);
      this.isLast = found.isLast;
      this.found(found, this.position - found.headLength);
    }
  }
}

/** Whether the first entry goes on with an object that an entry before it began. */
export function goesOn(chunks: readonly Uint8Array[]): boolean {
  const [first = NOTHING] = chunks;
  const head = readHead(Buffer.from(first.buffer, first.byteOffset, first.length));
  return typeof head === 'object' && head.entry.offset > 0;
}
