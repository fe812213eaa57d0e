// A reference to an entry that another archive holds: a comment in the tar file, which tools pass over.
import { z } from 'zod';
import type { Reference } from '../../core/known.js';
import { BLOCK, padded, readRecords, writeBlock, writeRecords } from './block.js';

const count = z.number().int().min(0);
export const entryPlaceSchema = z.object({ archive: z.string(), path: z.string(), line: count, at: count });
const referenceSchema = z.object({
  key: z.string(),
  size: count,
  version: z.string(),
  mtime: z.string(),
  offset: count,
  length: count,
  from: entryPlaceSchema,
});

const KEYWORD = 'comment';

export function writeReference(reference: Reference): Uint8Array {
  const records = writeRecords({ [KEYWORD]: JSON.stringify(reference) });
  const name = Buffer.from('reference');
  return Buffer.concat([
    writeBlock({ name, mode: 0o600, size: records.length, mtime: 0, type: 'g' }),
    records,
    Buffer.alloc(padded(records.length) - records.length),
  ]);
}

export const referenceLength = (records: number): number => BLOCK + padded(records);

/** null: the records are no reference. */
export function readReference(records: Buffer): Reference | null {
  const text = readRecords(records)?.get(KEYWORD);
  try {
    const read = referenceSchema.safeParse(JSON.parse(text ?? ''));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
