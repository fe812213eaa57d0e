// What a run holds of a record: its key, the hash of its bytes, its side. As bytes that compare like the keys.
import { keyReader, sortable } from '../records/keys.js';
import type { Payload } from '../core/connector.js';
import { recordDigest } from './record-digest.js';

export type Side = 'archive' | 'against';

/**
 * An entry: three numbers (u32), and a body of that many bytes.
 *
 *   body's length | order's length | where in the body its text begins | order, side, begin of the record
 *
 * The order is a first byte (whether the record has a key), the key, and the hash of the record. A key is its sortable
 * bytes and then its texts as JSON, so that `1` and `1.0` are two. A record without a key is known by its hash alone, and
 * by how it begins to people.
 */
const HEAD = 12;
const HASH = 32;
const KEYED = 1;
const ARCHIVE = 1;
const AGAINST = 2;

/** What it takes to write an entry. */
export interface Draft {
  /** With the first byte, without the hash. */
  readonly key: Buffer;
  readonly textAt: number;
  /** 32 characters of latin1. */
  readonly hash: string;
  /** In bytes of UTF-8. */
  readonly begin: Buffer;
}

const BEGIN_CHARS = 120;
const NO_BYTES = Buffer.alloc(0);
const NO_KEY = Buffer.of(0);
const FIRST_OF_KEY = Buffer.of(KEYED);

/** Makes drafts of the records of one payload. Throws `connection_unsuitable` where they lack a field of the key. */
export function drafting(payload: Payload, fields: readonly string[]): (record: Uint8Array) => Draft {
  const digest = recordDigest(payload);
  const keyOf = keyReader(payload, fields);
  return (record) => {
    const key = keyOf(record);
    const hash = digest(record);
    if (key.every((field) => field === null)) return { ...unkeyed, hash, begin: beginOf(record) };
    const order = sortable(key);
    const text = Buffer.from(JSON.stringify(key));
    return {
      key: Buffer.concat([FIRST_OF_KEY, order, text]),
      textAt: 1 + order.length,
      hash,
      begin: NO_BYTES,
    };
  };
}

const unkeyed = { key: NO_KEY, textAt: NO_KEY.length + HASH + 1 };

function beginOf(record: Uint8Array): Buffer {
  const text = Buffer.from(record.buffer, record.byteOffset, Math.min(record.length, 4 * BEGIN_CHARS));
  return Buffer.from(text.toString('utf8').trimEnd().slice(0, BEGIN_CHARS));
}

export function draftLength({ key, begin }: Draft): number {
  return HEAD + key.length + HASH + 1 + begin.length;
}

/** `out` has room for `draftLength` bytes. */
export function writeEntry(out: Buffer, at: number, { key, textAt, hash, begin }: Draft, side: Side): void {
  const order = key.length + HASH;
  out.writeUInt32LE(order + 1 + begin.length, at);
  out.writeUInt32LE(order, at + 4);
  out.writeUInt32LE(textAt, at + 8);
  out.set(key, at + HEAD);
  out.write(hash, at + HEAD + key.length, 'latin1');
  out[at + HEAD + order] = side === 'archive' ? ARCHIVE : AGAINST;
  out.set(begin, at + HEAD + order + 1);
}

/** Of the entry at `at`; null where `bytes` do not hold all of it. */
export function entryLength(bytes: Buffer, at: number): number | null {
  if (at + HEAD > bytes.length) return null;
  const length = HEAD + bytes.readUInt32LE(at);
  return at + length > bytes.length ? null : length;
}

const orderLength = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 4);

/** By key, then by hash. */
export function compareEntries(a: Buffer, at: number, b: Buffer, bt: number): number {
  const [x, y] = [orderLength(a, at), orderLength(b, bt)];
  const most = Math.min(x, y);
  for (let i = HEAD; i < HEAD + most; i += 1) {
    const difference = a[at + i]! - b[bt + i]!;
    if (difference !== 0) return difference;
  }
  return x - y;
}

/** Whether both are of the same record, as far as its key tells; without a key, of the same bytes. */
export function isSameRecord(a: Buffer, at: number, b: Buffer, bt: number): boolean {
  const [x, y] = [identityLength(a, at), identityLength(b, bt)];
  if (x !== y) return false;
  return a.compare(b, bt + HEAD, bt + HEAD + y, at + HEAD, at + HEAD + x) === 0;
}

function identityLength(bytes: Buffer, at: number): number {
  return orderLength(bytes, at) - (hasKey(bytes, at) ? HASH : 0);
}

export function hasKey(bytes: Buffer, at: number): boolean {
  return bytes[at + HEAD] === KEYED;
}

export function sideOf(bytes: Buffer, at: number): Side {
  return bytes[at + HEAD + orderLength(bytes, at)] === ARCHIVE ? 'archive' : 'against';
}

/** What people see of it: the texts of its key, or how it begins. */
export function shownOf(bytes: Buffer, at: number): { key: (string | null)[]; record?: string } {
  const text = at + HEAD + bytes.readUInt32LE(at + 8);
  if (!hasKey(bytes, at))
    return { key: [], record: bytes.toString('utf8', text, at + entryLength(bytes, at)!) };
  return {
    key: JSON.parse(bytes.toString('utf8', text, at + HEAD + identityLength(bytes, at))) as (string | null)[],
  };
}
