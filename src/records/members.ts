// The members of a JSON object as the bytes they are: nothing is decoded but their names, so every number stays as it came.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Offsets into the bytes of the record: of its name in quotes, and of its value. */
export type VisitMember = (nameStart: number, nameEnd: number, start: number, end: number) => void;

/**
 * Each member of the object at the top, in order; false: the record, from `from` up to `to`, is no object. Takes for
 * granted that it is valid JSON, as the records of an archive are.
 */
export function eachMember(bytes: Buffer, from: number, to: number, visit: VisitMember): boolean {
  let at = pastSpace(bytes, from);
  if (bytes[at] !== OPEN_BRACE) return false;
  at = pastSpace(bytes, at + 1);
  while (at < to && bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at);
    const start = pastSpace(bytes, bytes.indexOf(COLON, nameEnd) + 1);
    const end = valueEnd(bytes, start, to);
    visit(at, nameEnd, start, trimmed(bytes, start, end));
    at = pastSpace(bytes, end + 1);
  }
  return true;
}

/**
 * Name to raw JSON text of each member of the object at the top, in order; of repeated names the last counts. null: the
 * record is no object.
 */
export function membersOf(record: Uint8Array): Map<string, Buffer> | null {
  const bytes = bufferOf(record);
  const members = new Map<string, Buffer>();
  const isObject = eachMember(bytes, 0, bytes.length, (nameStart, nameEnd, start, end) => {
    const name = JSON.parse(bytes.toString('utf8', nameStart, nameEnd)) as string;
    members.set(name, bytes.subarray(start, end));
  });
  return isObject ? members : null;
}

/**
 * Raw JSON texts of the named members only, each null where there is none: three times as fast. `quoted` are the names
 * as `JSON.stringify` writes them.
 */
export function pickMembers(record: Uint8Array, quoted: readonly Buffer[]): (Buffer | null)[] {
  const picked = quoted.map((): Buffer | null => null);
  const bytes = bufferOf(record);
  eachMember(bytes, 0, bytes.length, (nameStart, nameEnd, start, end) => {
    for (let place = 0; place < quoted.length; place += 1) {
      if (isNamed(bytes, nameStart, nameEnd, quoted[place]!)) picked[place] = bytes.subarray(start, end);
    }
  });
  return picked;
}

function isNamed(bytes: Buffer, start: number, end: number, quoted: Buffer): boolean {
  let at = start;
  while (at < end && bytes[at] === quoted[at - start]) at += 1;
  if (at === end) return end - start === quoted.length;
  // Written in another way, it may still be the same name.
  const escape = bytes.indexOf(BACKSLASH, start);
  if (escape === -1 || escape >= end) return false;
  return JSON.parse(bytes.toString('utf8', start, end)) === JSON.parse(quoted.toString('utf8'));
}

function bufferOf(record: Uint8Array): Buffer {
  return Buffer.from(record.buffer, record.byteOffset, record.byteLength);
}

function pastSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at]! <= 0x20) at += 1;
  return at;
}

function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** Where the comma or bracket is that follows the value. */
function valueEnd(bytes: Buffer, start: number, to: number): number {
  let depth = 0;
  for (let at = start; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return to;
}

/** The end without space. */
function trimmed(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1]! <= 0x20) last -= 1;
  return last;
}
