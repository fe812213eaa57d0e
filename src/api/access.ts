// Lets a request in by its key: a bearer, or the session of a browser. What it then may do is said in roles.ts.
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { KeyConfig } from '../config/keys.js';
import { LonghaulError } from '../core/errors.js';
import { suffices } from '../core/key-roles.js';
import { createAttempts, type Attempts } from './attempts.js';
import type { Audit, LogRefusal } from './audit.js';
import { ANYONE, setCaller, type Caller } from './caller.js';
import { addressOf, isOwnOrigin, isSafe } from './guard.js';
import { callerWith, createKeyring, type Keyring } from './keyring.js';
import { Refusal } from './problems.js';
import { leastRoleOf, OF_ALL, routeOf } from './roles.js';
import { createSessions, type Sessions } from './sessions.js';

export const SESSION_COOKIE = 'longhaul_session';

/** Who may use the API. */
export interface AccessConfig {
  /** None: whoever reaches this machine may do everything. */
  readonly keys: readonly KeyConfig[];
  /** Names under which the API with keys is called, beside localhost and addresses. */
  readonly hosts: readonly string[];
  /** Signs sessions; the same in every process of the API. */
  readonly sessionSecret: string | Buffer;
  readonly audit: Audit;
  readonly logRefusal: LogRefusal;
}

export interface AccessDeps {
  readonly keyring: Keyring;
  readonly sessions: Sessions;
  readonly attempts: { readonly bearer: Attempts; readonly login: Attempts };
  readonly logRefusal: LogRefusal;
}

export function accessOf({ keys, sessionSecret, logRefusal }: AccessConfig, clock: () => number): AccessDeps {
  const keyring = createKeyring(keys);
  const sessions = createSessions({ keyring, secret: sessionSecret, clock });
  const attempts = { bearer: createAttempts(clock, MOST.bearer), login: createAttempts(clock, MOST.login) };
  return { keyring, sessions, attempts, logRefusal };
}

/** Wrong keys a minute. Programs ask often: to one whose key was withdrawn, 401 says more than 429. People type. */
const MOST = { bearer: 100, login: 10 };

/** Throws a 401 without a key that is known, a 403 where its role is too small, a 429 after too many wrong ones. */
export function createAccess(deps: AccessDeps): MiddlewareHandler {
  return async (c, next) => {
    const route = routeOf(c);
    const least = leastRoleOf(route);
    if (least === 'nobody') return next();
    const caller = deps.keyring.isEmpty ? ANYONE : callerOf(c, deps);
    setCaller(c, caller);
    if (!suffices(caller.role, least)) throw tooSmall(`needs the role ${least}; the key has ${caller.role}`);
    if (caller.tenant !== null && OF_ALL.has(route ?? '')) {
      throw tooSmall(`is of all tenants; the key is of ${caller.tenant}`);
    }
    return next();
  };
}

function tooSmall(why: string): LonghaulError {
  return new LonghaulError('role_insufficient', `This ${why}.`);
}

function callerOf(c: Context, deps: AccessDeps): Caller {
  const bearer = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) return callerWith(keyOf(c, bearer, 'bearer', deps));
  const cookie = getCookie(c, SESSION_COOKIE);
  if (cookie === undefined) throw unauthorized('access_key_missing', 'This needs a key.');
  // A browser sends the cookie along with what a page of another port of this host asks for, and says so.
  if (!isSafe(c) && !isOwnOrigin(c)) throw foreign();
  const key = deps.sessions.find(cookie);
  if (key) return callerWith(key);
  throw unauthorized('access_key_unknown', 'The session has ended.');
}

/** The key that is shown. Throws for one that is not known, wherever it came. */
export function keyOf(
  c: Context,
  given: string,
  how: keyof AccessDeps['attempts'],
  deps: AccessDeps,
): KeyConfig {
  const { keyring, attempts, logRefusal } = deps;
  const key = keyring.find(given);
  if (key) return key;
  const address = addressOf(c);
  const wait = attempts[how](address);
  if (wait !== null) throw tooMany(wait);
  logRefusal({ address, request: routeOf(c) });
  throw unauthorized('access_key_unknown', 'The key is not known.');
}

function tooMany(wait: number): LonghaulError {
  const message = 'Too many keys came from this address that are not known.';
  return new Refusal('access_keys_exceeded', message, { 'retry-after': String(wait) });
}

function unauthorized(code: 'access_key_missing' | 'access_key_unknown', message: string): LonghaulError {
  const wrong = code === 'access_key_unknown' ? ', error="invalid_token"' : '';
  return new Refusal(code, message, { 'www-authenticate': `Bearer realm="longhaul"${wrong}` });
}

function foreign(): LonghaulError {
  return new LonghaulError('host_refused', 'A session changes things from a page of this API only.', {
    hint: 'Send the header Origin as a browser does, or a bearer instead of the cookie.',
  });
}
