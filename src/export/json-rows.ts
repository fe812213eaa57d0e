// Rows of CSV, as PostgreSQL's COPY writes them, as lines of JSON.
import { ByteBuilder } from './bytes.js';
import type { Cells } from './cells.js';
import type { Kind, StreamColumn } from './kinds.js';

type Write = (out: ByteBuilder, bytes: Buffer, start: number, end: number) => void;

/** One page's cells at a time; the columns are those of the cells. */
export function createJsonRows(columns: readonly StreamColumn[]): (cells: Cells) => Uint8Array {
  const out = new ByteBuilder();
  const names = columns.map(({ name }, place) =>
    Buffer.from(`${place === 0 ? '{' : ','}${JSON.stringify(name)}:`),
  );
  const writers = columns.map(({ kind }) => writerOf(kind));
  const close = Buffer.from(columns.length === 0 ? '{}\n' : '}\n');
  const none = Buffer.from('null');

  return ({ bytes, bounds, records, width }) => {
    for (let record = 0, at = 0; record < records; record += 1) {
      for (let place = 0; place < width; place += 1, at += 2) {
        out.append(names[place]!);
        const [start, end] = [bounds[at]!, bounds[at + 1]!];
        if (start === end) out.append(none);
        else writers[place]!(out, bytes, start, end);
      }
      out.append(close);
    }
    return out.take();
  };
}

/** The type that a column's values have in JSON. */
export function jsonTypeOf(kind: Kind): 'boolean' | 'number' | 'string' | 'json' {
  if (kind.is === 'boolean' || kind.is === 'json') return kind.is;
  return ['integer', 'real', 'decimal', 'number'].includes(kind.is) ? 'number' : 'string';
}

const WRITERS: Readonly<Record<ReturnType<typeof jsonTypeOf>, Write>> = {
  boolean: (out, bytes, start) => out.append(bytes[start] === TRUE ? YES : NO),
  number(out, bytes, start, end) {
    if (isNumber(bytes, start, end)) out.append(bytes, start, end);
    else string(out, bytes, start, end);
  },
  string,
  json: embedded,
};

function writerOf(kind: Kind): Write {
  return WRITERS[jsonTypeOf(kind)];
}

const TRUE = 0x74;
const YES = Buffer.from('true');
const NO = Buffer.from('false');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;
const LAST = 0x39;
const ESCAPES = new Map(
  [QUOTE, BACKSLASH, ...Array(SPACE).keys()].map((byte) => [
    byte,
    Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
  ]),
);

/** NaN and the infinities are no numbers in JSON. */
function isNumber(bytes: Buffer, start: number, end: number): boolean {
  const last = bytes[end - 1]!;
  return last <= LAST && bytes[start] !== QUOTE;
}

/** Calls back for each byte of a field's value. */
function eachByte(bytes: Buffer, start: number, end: number, take: (byte: number) => void): void {
  if (bytes[start] !== QUOTE) for (let at = start; at < end; at += 1) take(bytes[at]!);
  else
    for (let at = start + 1; at < end - 1; at += 1) {
      const byte = bytes[at]!;
      take(byte);
      if (byte === QUOTE) at += 1;
    }
}

function string(out: ByteBuilder, bytes: Buffer, start: number, end: number): void {
  out.push(QUOTE);
  if (isPlain(bytes, start, end)) out.append(bytes, start, end);
  else eachByte(bytes, start, end, (byte) => escaped(out, byte));
  out.push(QUOTE);
}

function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

function escaped(out: ByteBuilder, byte: number): void {
  const escape = ESCAPES.get(byte);
  if (escape) out.append(escape);
  else out.push(byte);
}

/** JSON as it is, on one line: a line end in it can only be space between its tokens. */
function embedded(out: ByteBuilder, bytes: Buffer, start: number, end: number): void {
  eachByte(bytes, start, end, (byte) => out.push(byte === LF || byte === CR ? SPACE : byte));
}
