// One object, or a piece of one, as an entry of a POSIX tar file that keeps all that is known of the object.
import { z } from 'zod';
import { BLOCK, isZero, padded, readBlock, readRecords, writeBlock, writeRecords } from './block.js';
import type { Reference } from '../../core/known.js';
import { safePath } from './path.js';
import { readReference, referenceLength } from './reference.js';

/** Taken as they are: `z.record` leaves a name like `__proto__` out. */
const texts = z.custom<Record<string, string>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string'),
);

/** What a tar header has no place for. Kept as one extended attribute, which tools keep or pass over in silence. */
const attributeSchema = z.object({
  /** As it is in the source, relative to the stream. */
  key: z.string(),
  /** Of the whole object. */
  size: z.number().int().min(0),
  /** Where in the object the body of this entry begins. */
  offset: z.number().int().min(0),
  /** What the source calls this state of the object (ETag); pieces of one object have the same. */
  version: z.string().optional(),
  versionId: z.string().optional(),
  /** Headers that the object is served with, in lower case: `content-type`, `cache-control`, … */
  headers: texts.optional(),
  /** The user's own. */
  metadata: texts.optional(),
  tags: texts.optional(),
});

export interface ObjectEntry extends z.infer<typeof attributeSchema> {
  /** Seconds since 1970 as decimal text, with as many digits as the source knows. */
  readonly mtime: string;
  /** Permission bits; undefined where the source has none. */
  readonly mode?: number | undefined;
}

const ATTRIBUTE = 'SCHILY.xattr.user.longhaul';
/** As Longhaul makes files: for their owner alone. */
const DEFAULT_MODE = 0o600;
/** Between them, so that names of pieces sort by their place. */
const OFFSET_DIGITS = 16;

/** The entry as it stands in the tar file: headers, body, padding. `body`: all of the object, or a piece from `offset` on. */
export function writeEntry(entry: ObjectEntry, body: Uint8Array): Uint8Array[] {
  const { mtime, mode = DEFAULT_MODE, ...attribute } = entry;
  const path = pathOf(entry, body.length);
  const records = writeRecords({ path, mtime, [ATTRIBUTE]: JSON.stringify(attribute) });
  const name = Buffer.from(path);
  const seconds = Math.floor(Number(mtime));
  const head = Buffer.concat([
    writeBlock({ name: Buffer.from('PaxHeader'), mode, size: records.length, mtime: 0, type: 'x' }),
    records,
    Buffer.alloc(padded(records.length) - records.length),
    writeBlock({ name, mode, size: body.length, mtime: seconds, type: '0' }),
  ]);
  return [head, body, Buffer.alloc(padded(body.length) - body.length)];
}

/** What tools call an entry of so many bytes. */
export function pathOf(
  { key, size, offset }: Pick<ObjectEntry, 'key' | 'size' | 'offset'>,
  length: number,
): string {
  const path = safePath(key, 'tar');
  return length === size ? path : `${path}.part-${String(offset).padStart(OFFSET_DIGITS, '0')}`;
}

/** The headers of an entry, and how long they and the body are, padding included. */
export interface EntryHead {
  readonly entry: ObjectEntry;
  readonly headLength: number;
  /** Without padding. */
  readonly bodyLength: number;
  /** The object ends with this entry. */
  readonly isLast: boolean;
  /** The bytes are not here but there; the body is empty. */
  readonly reference?: Reference;
}

/**
 * Of the entry that `bytes` begin with. A number: that many bytes are needed to know (more). `zeros`: there is a block of
 * zeros, which is no entry. `broken`: nothing that `writeEntry` makes.
 */
export function readHead(bytes: Buffer): EntryHead | number | 'zeros' | 'broken' {
  if (bytes.length < BLOCK) return BLOCK;
  const first = bytes.subarray(0, BLOCK);
  if (isZero(first)) return 'zeros';
  const extended = readBlock(first);
  if (!extended || extended.size > MOST_RECORDS) return 'broken';
  if (extended.type === 'g') return readReferenceHead(bytes, extended.size);
  if (extended.type !== 'x') return 'broken';
  const headLength = BLOCK + padded(extended.size) + BLOCK;
  if (bytes.length < headLength) return headLength;
  const file = readBlock(bytes.subarray(headLength - BLOCK, headLength));
  const entry = entryOf(bytes.subarray(BLOCK, BLOCK + extended.size), file?.mode);
  if (file?.type !== '0' || entry === null) return 'broken';
  const isLast = entry.offset + file.size === entry.size;
  return { entry, headLength, bodyLength: file.size, isLast };
}

function readReferenceHead(bytes: Buffer, size: number): EntryHead | number | 'broken' {
  const headLength = referenceLength(size);
  if (bytes.length < headLength) return headLength;
  const reference = readReference(bytes.subarray(BLOCK, BLOCK + size));
  if (!reference) return 'broken';
  const { from: _, length, ...entry } = reference;
  const isLast = entry.offset + length === entry.size;
  return { entry, headLength, bodyLength: 0, isLast, reference };
}

/** Far more than any object can have. */
const MOST_RECORDS = 1_048_576;

function entryOf(bytes: Buffer, mode: number | undefined): ObjectEntry | null {
  const records = readRecords(bytes);
  const attribute = attributeSchema.safeParse(parsed(records?.get(ATTRIBUTE)));
  const mtime = records?.get('mtime');
  return attribute.success && mtime !== undefined ? { ...attribute.data, mtime, mode } : null;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

/** An entry within bytes that hold all of it. */
export interface WholeEntry extends EntryHead {
  readonly body: Buffer;
  /** Headers, body and padding. */
  readonly raw: Buffer;
}

/** The entries of bytes that hold nothing but whole ones. Throws `RangeError` where they do not. */
export function* entriesOf(bytes: Buffer): Generator<WholeEntry> {
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes.subarray(at));
    if (typeof head !== 'object') throw new RangeError('no whole tar entries');
    const start = at + head.headLength;
    const end = start + padded(head.bodyLength);
    if (end > bytes.length) throw new RangeError('a tar entry is cut short');
    yield { ...head, body: bytes.subarray(start, start + head.bodyLength), raw: bytes.subarray(at, end) };
    at = end;
  }
}
