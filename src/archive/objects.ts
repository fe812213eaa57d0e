// Small objects of an archive: read whole, written as JSON, compared by hash.
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { LonghaulError, type ErrorCode } from '../core/errors.js';
import { readAll } from '../core/read-all.js';
import type { Store } from '../core/store.js';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The sha256 of an object of any size. */
export async function hashOf(store: Store, path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of store.read(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** null where there is no such object. */
export async function readIfThere(store: Store, path: string): Promise<Buffer | null> {
  try {
    return await readAll(store, path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof LonghaulError && error.code === 'object_missing';
}

export function encodeJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** Parses and validates; `what` begins the sentence of the error. */
export function decodeJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, code: ErrorCode, what: string): T {
  const result = schema.safeParse(jsonOf(bytes));
  if (result.success) return result.data;
  throw new LonghaulError(code, `${what} is not what Longhaul wrote: its JSON is broken or lacks fields.`);
}

/** `undefined` where it is not JSON. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
