// Keys of records: read out of their bytes as texts, so that no number passes through a double, and put into an order.
import type { Payload } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { fieldsOf, headerNames } from './csv.js';
import { pickMembers } from './members.js';

/** The texts of the fields, in the order of the key; null: NULL, null, or not there. */
export type Key = readonly (string | null)[];

/**
 * Reads the key of each record of a payload. Of JSON a string's text and any other value's JSON text; of CSV the value.
 * Throws `connection_unsuitable` where CSV records have no such column, and of objects.
 */
export function keyReader(payload: Payload, fields: readonly string[]): (record: Uint8Array) => Key {
  if (payload.format === 'jsonl') {
    const quoted = fields.map((field) => Buffer.from(JSON.stringify(field)));
    return (record) => pickMembers(record, quoted).map(textOf);
  }
  if (payload.format === 'tar') throw objectsHaveNone();
  const names = headerNames(payload.header);
  const places = fields.map((field) => placeOf(names, field));
  return (record) => fieldsOf(record, places);
}

/** An object can come in several entries, none of which is a record of its own. */
function objectsHaveNone(): LonghaulError {
  return new LonghaulError(
    'connection_unsuitable',
    'Objects cannot be told apart by fields: this is for records.',
    {
      hint: 'Take the whole stream, without `keys`.',
    },
  );
}

function placeOf(names: readonly string[], field: string): number {
  const place = names.indexOf(field);
  if (place !== -1) return place;
  throw new LonghaulError(
    'connection_unsuitable',
    `The records have no column ${field}, which is in their key.`,
  );
}

const QUOTE = 0x22;
const ZERO = 0x30;
const NULL = 'null';

function textOf(raw: Buffer | null): string | null {
  if (raw === null) return null;
  const json = raw.toString('utf8');
  if (raw[0] !== QUOTE) return json === NULL ? null : json;
  const text = JSON.parse(json) as string;
  // Half a surrogate pair has no bytes of its own: such texts are told apart as they are written.
  return /\p{Surrogate}/u.test(text) ? json : text;
}

/**
 * Field by field, null first, then numbers by value, then texts by code points. Numbers are texts in plain decimal
 * notation, of any length; those of one value are equal (`1`, `1.0`). A key that begins another one comes before it.
 */
export function compareKeys(a: Key, b: Key): number {
  return Buffer.compare(sortable(a), sortable(b));
}

/** Bytes in the same order as the keys, and the same for equal ones. None begins another of as many fields. */
export function sortable(key: Key): Buffer {
  return key.length === 1 ? sortableField(key[0]!) : Buffer.concat(key.map(sortableField));
}

/** First bytes: what comes first among fields. */
const TAG = { null: 1, negative: 2, zero: 3, positive: 4, text: 5 } as const;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;

function sortableField(text: string | null): Buffer {
  if (text === null) return Buffer.of(TAG.null);
  const number = NUMBER.exec(text);
  return number ? sortableNumber(number[1] === '-', number[2]!, number[3] ?? '') : sortableText(text);
}

/** Zeros end it, and a zero within is followed by 255: so that a text comes before all that it begins. */
function sortableText(text: string): Buffer {
  const bytes = Buffer.from(`\u0005${text}\u0000`, 'utf8');
  if (bytes.indexOf(0) === bytes.length - 1) return bytes;
  const escaped = Array.from(bytes.subarray(0, -1), (byte) => (byte === 0 ? [0, 255] : [byte])).flat();
  return Buffer.from([...escaped, 0]);
}

/** Sign, then where the point is before the first digit that counts, then the digits: 0.D × 10^point. */
function sortableNumber(negative: boolean, whole: string, fraction: string): Buffer {
  const all = whole + fraction;
  const first = /[1-9]/.exec(all)?.index;
  if (first === undefined) return Buffer.of(TAG.zero);
  const digits = all.slice(first, endOf(all));
  const bytes = Buffer.alloc(6 + digits.length);
  bytes.writeUInt8(TAG.positive, 0);
  bytes.writeUInt32BE(whole.length - first + 2 ** 31, 1);
  bytes.write(digits, 5, 'latin1');
  if (!negative) return bytes;
  for (let at = 1; at < bytes.length; at += 1) bytes[at] = 255 - bytes[at]!;
  bytes.writeUInt8(TAG.negative, 0);
  return bytes;
}

/** Where the digits end that count. */
function endOf(digits: string): number {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return end;
}
