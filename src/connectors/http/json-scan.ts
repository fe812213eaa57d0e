// Checks a JSON text byte by byte and finds where the wanted values lie in it. It decodes nothing, so every byte of a
// record stays as it came; and it keeps its own stack, so depth costs heap, not call stack.
import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { skipSpace, skipValue } from './json-skip.js';
import { Wanted, type Span } from './json-wanted.js';

export interface Scan {
  /** Start and end of each element in turn; `null` where the path leads to no array. */
  readonly elements: readonly number[] | null;
  /** For each wanted value its span, or `null` where its path leads nowhere. */
  readonly values: readonly (Span | null)[];
}

/** Not JSON. `at` is the offset of the first byte that cannot be right. */
export class JsonSyntaxError extends Error {
  constructor(readonly at: number) {
    super(`not JSON at byte ${at}`);
  }
}

/**
 * Scans a whole JSON text in UTF-8 (RFC 8259; a byte order mark is passed over) and gives the event loop a turn now and
 * then. Paths are dotted member names from the root (`meta.next`); `''` is the root. Of repeated names the last counts.
 *
 * Writes into `bytes`: line ends outside strings become spaces, so that each element is one line.
 * Throws `JsonSyntaxError`.
 */
export async function scanJson(
  bytes: Uint8Array,
  elementsPath: string,
  valuePaths: readonly string[],
): Promise<Scan> {
  if (!isUtf8(bytes)) throw new JsonSyntaxError(0);
  const wanted = new Wanted(elementsPath, valuePaths);
  const scanner = new Scanner(bytes, wanted);
  while (!scanner.advance(BYTES_A_TURN)) await setImmediate();
  return { elements: wanted.foundElements(), values: wanted.foundValues() };
}

const BYTES_A_TURN = 4 * 1024 * 1024;

const OBJECT = 0;
const ARRAY = 1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const LOWER_U = 0x75;
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));

/** 1 for bytes that need no second look inside a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

class Scanner {
  private readonly open: number[] = [];
  private at: number;
  /** Where this turn ends. */
  private enough = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly wanted: Wanted,
  ) {
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  /** Goes on for about so many bytes; true once the whole text was read. Always stands before a value. */
  advance(budget: number): boolean {
    this.enough = this.at + budget;
    while (this.at < this.enough) {
      if (this.value() && this.afterValue()) return true;
    }
    return false;
  }

  /** Reads a scalar or an empty container (true), or enters a container (false). */
  private value(): boolean {
    const first = this.peek();
    const depth = this.open.length;
    if (depth <= this.wanted.deepest) this.wanted.begin(depth, this.at, first === OPEN_BRACKET);
    if (depth === this.wanted.elementDepth && this.element()) return true;
    if (first === QUOTE) this.string();
    else if (first === OPEN_BRACE) return this.enter(OBJECT, CLOSE_BRACE);
    else if (first === OPEN_BRACKET) return this.enter(ARRAY, CLOSE_BRACKET);
    else if (first === MINUS || isDigit(first)) this.number();
    else this.literal(first);
    return true;
  }

  /** No path leads into an element, so it is passed at once; false where that cannot be, and it is read as all else is. */
  private element(): boolean {
    this.wanted.elements.push(this.at);
    const end = skipValue(this.bytes, this.at, this.enough);
    if (end >= 0) this.at = end;
    return end >= 0;
  }

  private enter(kind: number, close: number): boolean {
    this.at += 1;
    if (this.peek() === close) {
      this.at += 1;
      return true;
    }
    this.open.push(kind);
    if (kind === OBJECT) this.name();
    return false;
  }

  /** Passes what follows a value, up to where the next one begins (false) or the text ends (true). */
  private afterValue(): boolean {
    for (;;) {
      const depth = this.open.length;
      if (depth <= this.wanted.deepest) this.wanted.end(depth, this.at);
      if (depth === this.wanted.elementDepth) this.wanted.elements.push(this.at);
      const next = this.peek();
      if (depth === 0) return next === undefined || this.fail();
      const kind = this.open[depth - 1];
      this.at += 1;
      if (next === COMMA) {
        if (kind === OBJECT) this.name();
        return false;
      }
      if (next !== (kind === OBJECT ? CLOSE_BRACE : CLOSE_BRACKET)) this.fail(this.at - 1);
      this.open.pop();
    }
  }

  private name(): void {
    if (this.peek() !== QUOTE) this.fail();
    const start = this.at;
    this.string();
    if (this.open.length <= this.wanted.deepest) this.wanted.name(this.open.length, this.text(start));
    if (this.peek() !== COLON) this.fail();
    this.at += 1;
  }

  /** The string that began at `start` and was just read. */
  private text(start: number): string {
    return JSON.parse(utf8.decode(this.bytes.subarray(start, this.at))) as string;
  }

  private string(): void {
    const { bytes } = this;
    let at = this.at + 1;
    for (;;) {
      while (PLAIN[bytes[at]!] === 1) at += 1;
      if (bytes[at] === QUOTE) break;
      if (bytes[at] !== BACKSLASH) this.fail(at);
      at = this.escape(at + 1);
    }
    this.at = at + 1;
  }

  /** Where an escape ends whose letter is at `at`. */
  private escape(at: number): number {
    const letter = this.bytes[at] ?? this.fail(at);
    if (letter !== LOWER_U) return ESCAPES.has(letter) ? at + 1 : this.fail(at);
    for (let digit = at + 1; digit <= at + 4; digit++) {
      if (!isHex(this.bytes[digit])) this.fail(digit);
    }
    return at + 5;
  }

  private number(): void {
    if (this.bytes[this.at] === MINUS) this.at += 1;
    if (this.bytes[this.at] === ZERO) this.at += 1;
    else this.digits();
    if (this.bytes[this.at] === DOT) {
      this.at += 1;
      this.digits();
    }
    const exponent = this.bytes[this.at];
    if (exponent === LOWER_E || exponent === UPPER_E) this.exponent();
  }

  private exponent(): void {
    const sign = this.bytes[this.at + 1];
    this.at += sign === PLUS || sign === MINUS ? 2 : 1;
    this.digits();
  }

  private digits(): void {
    const { bytes } = this;
    let { at } = this;
    if (!isDigit(bytes[at])) this.fail(at);
    while (isDigit(bytes[at])) at += 1;
    this.at = at;
  }

  private literal(first: number | undefined): void {
    for (const letter of LITERALS.get(first ?? 0) ?? this.fail()) {
      if (this.bytes[this.at] !== letter) this.fail();
      this.at += 1;
    }
  }

  /** The next byte that is not white space; `undefined` at the end. */
  private peek(): number | undefined {
    this.at = skipSpace(this.bytes, this.at);
    return this.bytes[this.at];
  }

  private fail(at = this.at): never {
    throw new JsonSyntaxError(at);
  }
}

const utf8 = new TextDecoder();

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && /[0-9a-f]/i.test(String.fromCharCode(byte));
}
