// The keys of the API: made once, shown once, and kept in the config as hashes.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { KEY_ROLES } from '../core/key-roles.js';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'a name: letters, digits, "_" and "-", 63 at most');

export const keySchema = z.strictObject({
  /** Who uses it, for the log. */
  name,
  role: z.enum(KEY_ROLES),
  /** The key sees the jobs of this tenant only, and names the folder of its archives. */
  tenant: name.optional(),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'what `longhaul keys add` prints: sha256: and 64 hex digits'),
});
export type KeyConfig = z.infer<typeof keySchema>;

/** 256 random bits. The prefix lets scanners of leaked secrets know it. */
export function newKey(): string {
  return `lh_${randomBytes(32).toString('base64url')}`;
}

/**
 * A fast hash is enough: slow ones (scrypt, argon2) make it costly to guess what people choose, and nobody guesses 256
 * random bits. So each request can be checked without a cache and without holding up others.
 */
export function hashOfKey(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
