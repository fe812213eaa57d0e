// The members of a JSON object as the bytes they are: nothing is decoded but their names, so every number stays as it came.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Name to raw JSON text of each member of the object at the top, in order; of repeated names the last counts. null: the
 * record is no object. Takes for granted that the record is valid JSON, as the records of an archive are.
 */
export function membersOf(record: Uint8Array): Map<string, Buffer> | null {
  const members = new Map<string, Buffer>();
  const bytes = bufferOf(record);
  const isObject = scanMembers(bytes, (nameStart, nameEnd, start, end) => {
    members.set(JSON.parse(bytes.toString('utf8', nameStart, nameEnd)) as string, bytes.subarray(start, end));
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
  scanMembers(bytes, (nameStart, nameEnd, start, end) => {
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

type Visit = (nameStart: number, nameEnd: number, start: number, end: number) => void;

/** Tells where each member's name (with its quotes) and value are; false: the record is no object. */
function scanMembers(bytes: Buffer, visit: Visit): boolean {
  let at = pastSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return false;
  at = pastSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at);
    const start = pastSpace(bytes, pastSpace(bytes, nameEnd) + 1);
    const end = valueEnd(bytes, start);
    visit(at, nameEnd, start, trimmedEnd(bytes, start, end));
    at = pastSpace(bytes, end + 1);
  }
  return true;
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
function valueEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = stringEnd(bytes, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return bytes.length;
}

function trimmedEnd(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1]! <= 0x20) last -= 1;
  return last;
}
