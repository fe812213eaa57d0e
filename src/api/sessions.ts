// Sessions of browsers: a signed token instead of the key, so that a stolen cookie ends by itself and is no key. Any
// process of the API with the same secret takes it; nothing is kept but the tokens that were ended before their time.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyConfig } from '../config/keys.js';
import type { Keyring } from './keyring.js';

export interface Sessions {
  begin(key: KeyConfig): string;
  /** The key that the session was begun with; null: it is over, or its key is not in the config any more. */
  find(token: string): KeyConfig | null;
  /** In this process; harmless for what is no session. */
  end(token: string): void;
}

export const SESSION_SECONDS = 12 * 60 * 60;

export interface SessionsDeps {
  readonly keyring: Keyring;
  readonly secret: string | Buffer;
  /** Epoch ms. */
  readonly clock: () => number;
}

export function createSessions({ keyring, secret, clock }: SessionsDeps): Sessions {
  const ended = new Map<string, number>();
  /** Of the key's hash as well: a name that is given to another key does not bring its sessions along. */
  const sign = (text: string, { hash }: KeyConfig): string =>
    createHmac('sha256', secret).update(`${text}.${hash}`).digest('base64url');

  function find(token: string): KeyConfig | null {
    const { text, name, until, signature } = partsOf(token);
    const key = keyring.named(name);
    if (!key || !isSame(signature, sign(text, key))) return null;
    return until > clock() && !ended.has(token) ? key : null;
  }

  return {
    find,
    begin: (key) => {
      const nonce = randomBytes(16).toString('base64url');
      const text = `${key.name}.${clock() + SESSION_SECONDS * 1000}.${nonce}`;
      return `${text}.${sign(text, key)}`;
    },
    end: (token) => {
      for (const [old, until] of ended) if (until <= clock()) ended.delete(old);
      if (find(token)) ended.set(token, partsOf(token).until);
    },
  };
}

function partsOf(token: string) {
  const [name = '', until = '', nonce = '', signature = ''] = token.split('.');
  return { text: `${name}.${until}.${nonce}`, name, until: Number(until), signature };
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
