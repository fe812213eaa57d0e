// The members of a JSON object as the bytes they are: nothing is decoded but their names, so every number stays as it came.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);

/**
 * Name to raw JSON text of each member of the object at the top, in order; of repeated names the last counts. null: the
 * record is no object. Takes for granted that the record is valid JSON, as the records of an archive are.
 */
export function membersOf(record: Uint8Array): Map<string, Buffer> | null {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  let at = pastSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return null;
  const members = new Map<string, Buffer>();
  at = pastSpace(bytes, at + 1);
  while (at < bytes.length && bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at);
    const name = JSON.parse(bytes.toString('utf8', at, nameEnd)) as string;
    const colon = bytes.indexOf(COLON, nameEnd);
    const start = pastSpace(bytes, colon + 1);
    const end = valueEnd(bytes, start);
    members.set(name, trimmed(bytes, start, end));
    at = pastSpace(bytes, end + 1);
  }
  return members;
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
    else if (OPEN.has(byte)) depth += 1;
    else if (CLOSE.has(byte)) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return bytes.length;
}

function trimmed(bytes: Buffer, start: number, end: number): Buffer {
  let last = end;
  while (last > start && bytes[last - 1]! <= 0x20) last -= 1;
  return bytes.subarray(start, last);
}
