// The 512-byte blocks of a POSIX tar file (IEEE Std 1003.1, pax): headers written and read, extended records.

export const BLOCK = 512;
/** Two blocks of zeros end a tar file. */
export const TRAILER = new Uint8Array(2 * BLOCK);

/** What a header block says. `size`: bytes of the body, before padding. */
export interface Block {
  readonly name: Uint8Array;
  readonly mode: number;
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** `0`: a file; `x`: extended records about the header that follows; `g`: records about no entry, here a comment. */
  readonly type: '0' | 'x' | 'g';
}

/** Bytes up to the next border of blocks. */
export const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** Eleven octal digits are what the format has room for. */
const MOST_OCTAL = 0o77777777777;
const NAME_BYTES = 100;
const CHECKSUM = { at: 148, length: 8 };
const TYPE_AT = 156;

export function writeBlock({ name, mode, size, mtime, type }: Block): Buffer {
  if (size > MOST_OCTAL) throw new RangeError('a tar entry of 8 GiB or more');
  const block = Buffer.alloc(BLOCK);
  block.set(name.subarray(0, NAME_BYTES), 0);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, Math.min(Math.max(0, mtime), MOST_OCTAL));
  block.write(type, TYPE_AT, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at, 'latin1');
  return block;
}

/** null: these 512 bytes are no header that `writeBlock` makes. */
export function readBlock(block: Buffer): Pick<Block, 'mode' | 'size' | 'mtime' | 'type'> | null {
  const type = String.fromCharCode(block[TYPE_AT]!);
  if (block.toString('latin1', 257, 262) !== 'ustar') return null;
  if (type !== '0' && type !== 'x' && type !== 'g') return null;
  if (number(block, CHECKSUM.at, CHECKSUM.length) !== checksum(block)) return null;
  return { mode: number(block, 100, 8), size: number(block, 124, 12), mtime: number(block, 136, 12), type };
}

export const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

function number(block: Buffer, at: number, length: number): number {
  return Number.parseInt(block.toString('latin1', at, at + length), 8);
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 0x20 * CHECKSUM.length;
  for (let at = 0; at < BLOCK; at += 1) {
    if (at < CHECKSUM.at || at >= CHECKSUM.at + CHECKSUM.length) sum += block[at]!;
  }
  return sum;
}

/** Extended records: `LENGTH KEYWORD=VALUE\n`, the length counting itself. */
export function writeRecords(records: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(records).map(([keyword, value]) => writeRecord(keyword, value)));
}

function writeRecord(keyword: string, value: string): Buffer {
  const rest = Buffer.from(` ${keyword}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** null: not well formed. */
export function readRecords(bytes: Buffer): Map<string, string> | null {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf(0x3d, space);
    const end = at + length;
    if (!(length > 0 && space > at && equals > space && equals < end && bytes[end - 1] === 0x0a)) return null;
    records.set(bytes.toString('utf8', space + 1, equals), bytes.toString('utf8', equals + 1, end - 1));
    at = end;
  }
  return records;
}
