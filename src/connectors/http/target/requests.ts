// The parts of a request that writes records: where it goes, what it holds, and the key that it is known by.
import { createHash } from 'node:crypto';
import { membersOf } from '../../../records/members.js';

/** Fields in a path. */
const FIELDS = /\{([^{}]+)\}/g;

export function hasField(path: string): boolean {
  return path.search(FIELDS) !== -1;
}

/** The path with the record's own values in it; null: one of them is missing, or would not stay where it is put. */
export function pathFor(path: string, record: Uint8Array): string | null {
  if (!hasField(path)) return path;
  const members = membersOf(record);
  const values = [...path.matchAll(FIELDS)].map(([, field]) => pathValue(members?.get(field!)));
  if (values.includes(null)) return null;
  let place = 0;
  return path.replaceAll(FIELDS, () => encodeURIComponent(values[place++]!));
}

/** Dots alone would lead to another path, whatever encoding they come in. */
function pathValue(raw: Buffer | undefined): string | null {
  const text = raw?.toString('utf8') ?? '';
  if (/^(-?\d|true$|false$)/.test(text)) return text;
  if (!text.startsWith('"')) return null;
  const value = JSON.parse(text) as string;
  return /^\.{0,2}$|\p{Surrogate}/u.test(value) ? null : value;
}

/** The records as they are, in an array at a dotted place (`''`: the body itself is the array). */
export function batchBody(records: readonly Uint8Array[], place: string): Buffer {
  const names = place === '' ? [] : place.split('.');
  const begin = names.map((name) => `{${JSON.stringify(name)}:`).join('');
  const parts = records.flatMap((record, i) => (i === 0 ? [record] : [COMMA, record]));
  return Buffer.concat([Buffer.from(`${begin}[`), ...parts, Buffer.from(`]${'}'.repeat(names.length)}`)]);
}

const COMMA = Buffer.from(',');

/** Of all keys that are made here (RFC 9562, 5.5). */
const NAMESPACE = Buffer.from('4f6a1f0a3d5b4c59a1c2f0e8b7d6a594', 'hex');

/** A UUID that is the same whenever it is made of the same. */
export function keyFor(parts: readonly (string | number)[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
