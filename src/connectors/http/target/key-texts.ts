// Keys as texts by which they can be found again, and where a text falls among all that can be.
import { createHash } from 'node:crypto';

const QUOTE = 0x22;
const MINUS = 0x2d;

/** Of a raw JSON value: a string without needless escapes, a number as it is; null: no key. Has no tab and no line end. */
export function keyText(raw: Uint8Array | undefined): string | null {
  if (raw === undefined) return null;
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  if (raw[0] === QUOTE) return JSON.stringify(JSON.parse(text));
  return raw[0] === MINUS || /^\d/.test(text) ? text : null;
}

/** Even over 0 up to 2^32. */
export function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

export const PLACES = 2 ** 32;
