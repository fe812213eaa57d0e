// Cursors of lists: JSON that callers hand back as they got it, held against its schema since they may hand in anything.
import type { z } from 'zod';
import { LonghaulError } from '../core/errors.js';

export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Throws `request_invalid` for what no page of the list gave. */
export function decodeCursor<T>(text: string, schema: z.ZodType<T>): T {
  const decoded = schema.safeParse(jsonOf(Buffer.from(text, 'base64url').toString()));
  if (decoded.success) return decoded.data;
  throw new LonghaulError(
    'request_invalid',
    'The cursor is not one that a page of this list gave as `next`.',
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
