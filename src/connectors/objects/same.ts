// Whether an object that is there already is the one to be written: an attempt that was killed may have written it.
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { ObjectEntry } from '../../records/tar/entry.js';
import type { ObjectTarget } from './target.js';

/**
 * Holds `body`, all of the object or a piece from `offset` on, against what is there. Throws `restore_conflict` where
 * that is another object, `chain_broken` where there is none.
 */
export async function expectSame(
  ctx: Context,
  target: ObjectTarget,
  { key, size, offset }: ObjectEntry,
  body: Uint8Array,
): Promise<void> {
  const there = await target.size(ctx, key);
  if (there === null) throw new LonghaulError('chain_broken', `What was written of ${key} is gone.`);
  if (there !== size) throw conflict(key);
  const bytes = await target.read(ctx, key, { offset, length: body.length });
  if (Buffer.compare(bytes, body) !== 0) throw conflict(key);
}

export function conflict(key: string): LonghaulError {
  return new LonghaulError('restore_conflict', `Another object has the key ${key}.`);
}
