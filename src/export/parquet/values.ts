// Values out of the bytes of a record, as the Parquet library takes them.
import type { Kind } from '../kinds.js';
import { doubleOf, integerOf, isBooleanToken, isNumberToken, isPlainString, stringOf } from '../tokens.js';
import { listOf } from './lists.js';
import { daysOf, microsOf, microsOfDay } from './times.js';

export type Value = boolean | number | bigint | Uint8Array | readonly (Value | null)[];

/** null: the column cannot hold it. Never asked for nulls. */
export type Read = (bytes: Buffer, start: number, end: number) => Value | null;

/** Of rows of CSV as PostgreSQL's COPY writes them. */
export function readerOfFields(kind: Kind): Read {
  if (kind.is === 'text' || kind.is === 'number' || kind.is === 'json') {
    return (bytes, start, end) =>
      bytes[start] === QUOTE ? Buffer.from(fieldText(bytes, start, end)) : bytes.subarray(start, end);
  }
  const parse = parserOf(kind);
  return (bytes, start, end) => parse(fieldText(bytes, start, end));
}

/** Of members of JSON objects. */
export function readerOfTokens({ is }: Kind): Read {
  if (is === 'json') return (bytes, start, end) => bytes.subarray(start, end);
  if (is === 'text') return textOfToken;
  if (is === 'boolean')
    return (bytes, start) => (isBooleanToken(bytes, start) ? bytes[start] === TRUE : null);
  const parse = is === 'integer' ? integerOf : doubleOf;
  return (bytes, start, end) =>
    isNumberToken(bytes, start) ? parse(bytes.toString('latin1', start, end)) : null;
}

const QUOTE = 0x22;
const TRUE = 0x74;

function textOfToken(bytes: Buffer, start: number, end: number): Value | null {
  if (bytes[start] === QUOTE && isPlainString(bytes, start, end)) return bytes.subarray(start + 1, end - 1);
  const text = stringOf(bytes, start, end);
  return text === null ? null : Buffer.from(text);
}

export function fieldText(bytes: Buffer, start: number, end: number): string {
  if (bytes[start] !== QUOTE) return bytes.toString('utf8', start, end);
  return bytes.toString('utf8', start + 1, end - 1).replaceAll('""', '"');
}

type Parse = (text: string) => Value | null;

const encoded: Parse = (text) => Buffer.from(text);

function parserOf(kind: Kind): Parse {
  switch (kind.is) {
    case 'boolean':
      return (text) => text === 't';
    case 'integer':
      return kind.bits === 64 ? BigInt : Number;
    case 'real':
      return Number;
    case 'decimal':
      return (text) => unscaled(text, kind.scale);
    case 'date':
      return daysOf;
    case 'time':
      return (text) => bigintOf(microsOfDay(text));
    case 'timestamp':
      return microsOf;
    case 'bytes':
      return (text) => Buffer.from(text.slice(2), 'hex');
    case 'list':
      return listParser(kind.of);
    case 'number':
    case 'text':
    case 'json':
      return encoded;
  }
}

function bigintOf(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}

/** `1.50` with two digits after the point is 150. NaN does not fit. */
function unscaled(text: string, scale: number): bigint | null {
  const [, whole, fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return whole !== undefined && fraction.length === scale ? BigInt(whole + fraction) : null;
}

/** One item that does not fit, and the list does not. */
function listParser(of: Kind): Parse {
  const parse = parserOf(of);
  return (text) => {
    const items = listOf(text);
    const values = items?.map((item) => (item === null ? null : parse(item)));
    return values?.some((value, place) => value === null && items?.[place] !== null)
      ? null
      : (values ?? null);
  };
}
