// The keys that are let in, found by their hashes.
import { timingSafeEqual } from 'node:crypto';
import { hashOfKey, type KeyConfig } from '../config/keys.js';
import type { Caller } from './caller.js';

export interface Keyring {
  /** Without keys the API serves its own machine only, and whoever is there. */
  readonly isEmpty: boolean;
  /** null: the key is not known. */
  find(key: string): KeyConfig | null;
  named(name: string): KeyConfig | null;
}

export function createKeyring(keys: readonly KeyConfig[]): Keyring {
  const known = keys.map((key) => ({ key, hash: Buffer.from(key.hash) }));
  return {
    isEmpty: keys.length === 0,
    // Every hash is compared, whole: how long it takes says nothing of which of them was near.
    find: (given) => {
      const hash = Buffer.from(hashOfKey(given));
      let found: KeyConfig | null = null;
      for (const each of known) if (timingSafeEqual(each.hash, hash)) found = each.key;
      return found;
    },
    named: (name) => keys.find((key) => key.name === name) ?? null,
  };
}

export function callerWith({ name, role, tenant }: KeyConfig): Caller {
  return { name, role, tenant: tenant ?? null };
}
