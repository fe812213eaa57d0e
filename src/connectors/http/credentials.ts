// Who asks: what each request carries to be let in, and how that is renewed.
import type { HttpAuth } from '../../config/http.js';
import { LonghaulError } from '../../core/errors.js';
import { monotonic } from './clock.js';
import { statusFault } from './faults.js';
import { orStopped } from './shared.js';
import { isSuccess, type Response, type Transport } from './transport.js';

export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** Query parameters. They never become part of a cursor. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Credentials {
  /** What to send now. Throws `Stopped` once `signal` aborts. */
  current(signal: AbortSignal): Promise<Credential>;
  /** The source answered 401 to this one: the next `current` gives another, where there can be another. */
  refused(credential: Credential): void;
}

export function createCredentials(auth: HttpAuth, baseUrl: URL, transport: Transport): Credentials {
  if (auth.type === 'oauth2_client_credentials') return createTokens(auth, baseUrl, transport);
  const credential = fixed(auth);
  return { current: async () => credential, refused: () => {} };
}

function fixed(auth: Exclude<HttpAuth, { type: 'oauth2_client_credentials' }>): Credential {
  switch (auth.type) {
    case 'none':
      return { headers: {}, params: {} };
    case 'bearer':
      return bearer(auth.token);
    case 'basic':
      return { headers: { authorization: basic(auth.username, auth.password) }, params: {} };
    case 'api_key': {
      const pair = { [auth.name ?? 'X-API-Key']: auth.key };
      return auth.in === 'query' ? { headers: {}, params: pair } : { headers: pair, params: {} };
    }
  }
}

function bearer(token: string): Credential {
  return { headers: { authorization: `Bearer ${token}` }, params: {} };
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

type OAuth = Extract<HttpAuth, { type: 'oauth2_client_credentials' }>;

interface Token {
  readonly credential: Credential;
  /** On the monotonic clock. */
  readonly staleAt: number;
}

/** One token at a time for all who ask: some servers void the old one when they give a new one. */
function createTokens(auth: OAuth, baseUrl: URL, transport: Transport): Credentials {
  let token: Token | undefined;
  let fetching: Promise<Token> | undefined;
  const renewed = async () => {
    fetching ??= fetchToken(auth, baseUrl, transport).finally(() => (fetching = undefined));
    return (token = await fetching);
  };
  return {
    async current(signal) {
      if (token && monotonic() < token.staleAt) return token.credential;
      return (await orStopped(renewed(), signal)).credential;
    },
    refused(credential) {
      if (token?.credential === credential) token = undefined;
    },
  };
}

/** RFC 6749, 4.4, the client known by HTTP Basic (2.3.1). */
async function fetchToken(auth: OAuth, baseUrl: URL, transport: Transport): Promise<Token> {
  const url = new URL(auth.tokenUrl, baseUrl);
  const what = `token: POST ${url.pathname}`;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth.scope !== undefined) form.set('scope', auth.scope);
  const answer = await transport(what, {
    method: 'POST',
    url,
    headers: {
      accept: 'application/json',
      authorization: basic(encodeURIComponent(auth.clientId), encodeURIComponent(auth.clientSecret)),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: form.toString(),
  });
  return toToken(what, answer);
}

/** A token that says nothing of its end is used until it is refused; one that does is left early. */
function toToken(what: string, answer: Response): Token {
  if (!isSuccess(answer.status)) throw tokenFault(what, answer);
  const { access_token, expires_in } = parseToken(what, answer.bytes);
  if (typeof access_token !== 'string') throw notAToken(what);
  const seconds = Number(expires_in ?? Infinity);
  const usable = Math.max(seconds - 30, seconds / 2);
  return { credential: bearer(access_token), staleAt: monotonic() + usable * 1_000 };
}

function parseToken(what: string, bytes: Uint8Array): { access_token?: unknown; expires_in?: unknown } {
  try {
    return Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as object;
  } catch {
    throw notAToken(what);
  }
}

function notAToken(what: string): LonghaulError {
  return new LonghaulError('response_invalid', `${what} answered with something other than a token.`, {
    hint: 'Check `tokenUrl` of the connection.',
  });
}

/** 400 and 401 are how a token endpoint refuses a client (RFC 6749, 5.2). */
function tokenFault(what: string, answer: Response): LonghaulError {
  const fault = statusFault(what, answer);
  if (answer.status !== 400 && answer.status !== 401) return fault;
  return new LonghaulError('unauthorized', fault.message, {
    hint: 'The token endpoint refuses the client: check `clientId`, `clientSecret` and `scope` of the connection.',
  });
}
