// Passes a JSON value in one tight loop. It passes nothing but JSON (RFC 8259), and says no more of what it cannot pass.

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_BRACE = 0x7b;
/** From a container's first byte to its last. */
const TO_CLOSE = 2;
const TO_LOWER = 0x20;

/** 1 for bytes that need no second look inside a string. */
const PLAIN = tableOf((byte) => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH);
const DIGIT = tableOf((byte) => byte >= ZERO && byte <= 0x39);
const HEX = tableOf((byte) => /[0-9a-f]/i.test(String.fromCharCode(byte)));
const ESCAPE = tableOf((byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)));
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** As many as an integer has bits to spare. Deeper values are rare. */
const DEEPEST = 30;

/**
 * Where the value ends that begins at `at`; -1: it is no JSON, or too deep, or goes on beyond `limit`. Line ends outside
 * strings become spaces, whatever the answer is.
 */
export function skipValue(bytes: Uint8Array, at: number, limit: number): number {
  /** A bit for each open container, 1 for an object, the innermost the lowest. */
  let open = 0;
  for (let depth = 0; at < limit;) {
    at = skipSpace(bytes, at);
    const first = bytes[at]!;
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      const isObject = first === OPEN_BRACE;
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== first + TO_CLOSE) {
        if (depth === DEEPEST) return -1;
        if (isObject && (at = skipName(bytes, at)) < 0) return -1;
        open = (open << 1) | (isObject ? 1 : 0);
        depth += 1;
        continue;
      }
      at += 1;
    } else if ((at = skipScalar(bytes, at, first)) < 0) return -1;
    // What follows a value, up to where the next one begins.
    for (; depth > 0; depth -= 1, open >>= 1) {
      at = skipSpace(bytes, at);
      const isObject = (open & 1) === 1;
      const next = bytes[at++];
      if (next === COMMA) {
        if (isObject && (at = skipName(bytes, skipSpace(bytes, at))) < 0) return -1;
        break;
      }
      if (next !== (isObject ? OPEN_BRACE : OPEN_BRACKET) + TO_CLOSE) return -1;
    }
    if (depth === 0) return at;
  }
  return -1;
}

function skipScalar(bytes: Uint8Array, at: number, first: number): number {
  if (first === QUOTE) return skipString(bytes, at);
  return first === MINUS || DIGIT[first] === 1 ? skipNumber(bytes, at) : skipLiteral(bytes, at, first);
}

/** Line ends in it become spaces. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  for (let byte = bytes[at]!; byte <= SPACE; byte = bytes[++at]!) {
    if (byte === LF || byte === CR) bytes[at] = SPACE;
    else if (byte !== SPACE && byte !== TAB) break;
  }
  return at;
}

/** With its colon. */
function skipName(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE || (at = skipString(bytes, at)) < 0) return -1;
  at = skipSpace(bytes, at);
  return bytes[at] === COLON ? at + 1 : -1;
}

function skipString(bytes: Uint8Array, at: number): number {
  for (at += 1; ;) {
    while (PLAIN[bytes[at]!] === 1) at += 1;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH) return -1;
    const letter = bytes[at + 1]!;
    if (ESCAPE[letter] === 1) at += 2;
    else if (letter === LOWER_U && areHex(bytes, at + 2)) at += 6;
    else return -1;
  }
}

function areHex(bytes: Uint8Array, at: number): boolean {
  for (let end = at + 4; at < end; at++) if (HEX[bytes[at]!] !== 1) return false;
  return true;
}

function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at += 1;
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
  if (at > 0 && bytes[at] === DOT) at = skipDigits(bytes, at + 1);
  if (at < 0 || (bytes[at]! | TO_LOWER) !== LOWER_E) return at;
  const sign = bytes[at + 1];
  return skipDigits(bytes, at + (sign === PLUS || sign === MINUS ? 2 : 1));
}

/** One at least. */
function skipDigits(bytes: Uint8Array, at: number): number {
  if (DIGIT[bytes[at]!] !== 1) return -1;
  while (DIGIT[bytes[at]!] === 1) at += 1;
  return at;
}

function skipLiteral(bytes: Uint8Array, at: number, first: number): number {
  const word = LITERALS.find((each) => each[0] === first);
  if (!word?.every((byte, place) => bytes[at + place] === byte)) return -1;
  return at + word.length;
}

function tableOf(has: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (has(byte) ? 1 : 0));
}
