// Logging in: credentials go to a path of the API by POST, and a token or session cookies of its answer with each request.
import type { HttpAuth } from '../../../config/http.js';
import { now } from '../clock.js';
import { DEFAULT_HEADERS, mergeHeaders, type Headers } from '../headers.js';
import { timeOf } from '../rate-limit.js';
import type { Response, Transport } from '../transport.js';
import { parseHttpUrl } from '../urls.js';
import { inHeader, type Credential } from './credential.js';
import { askForToken, noToken, textsIn, type Endpoint, type Token, type TokenSite } from './tokens.js';

type Login = Extract<HttpAuth, { type: 'login' }>;

/** Throws `config_invalid`. */
export function createLogin(auth: Login, site: TokenSite, transport: Transport): () => Promise<Token> {
  const url = parseHttpUrl(`${site.name}.loginUrl`, auth.loginUrl, site.baseUrl);
  const endpoint = { what: `login: POST ${url.pathname}`, ...REMEDIES };
  const { type, body } = ENCODINGS[auth.encoding ?? 'json'](auth.body);
  // What the connection's headers hold is meant for its own origin.
  const own = url.origin === site.baseUrl.origin ? site.headers : {};
  const headers = mergeHeaders(DEFAULT_HEADERS, own, { 'content-type': type });
  return async () => {
    const answer = await askForToken(transport, endpoint, { url, headers, body });
    return toToken(auth, endpoint, answer);
  };
}

const REMEDIES = {
  // Some say that they know nobody of that name and password as they say that a form is filled in wrongly.
  refusals: [400, 401, 403, 422],
  ifRefused: 'The login is refused: check `body` and `encoding` in `auth` of the connection.',
  ifNone: 'Check `loginUrl`, `encoding` and `tokenPath` in `auth` of the connection.',
};

const ENCODINGS = {
  json: (body: Login['body']) => ({ type: 'application/json', body: JSON.stringify(body) }),
  form: (body: Login['body']) => ({
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(Object.entries(body).flatMap(formFields)).toString(),
  }),
};

/** `user: { name }` is `user[name]` in a form. */
function formFields([name, value]: [string, Login['body'][string]]): [string, string][] {
  if (typeof value !== 'object') return [[name, String(value)]];
  return Object.entries(value).map(([inner, text]) => [`${name}[${inner}]`, String(text)]);
}

async function toToken(auth: Login, endpoint: Endpoint, answer: Response): Promise<Token> {
  const { tokenPath, expiresPath } = auth;
  const paths = [tokenPath, expiresPath].filter((path) => path !== undefined);
  // Where cookies are all that is wanted, the body may be anything.
  const texts = paths.length === 0 ? [] : await textsIn(endpoint, answer, paths);
  const credential =
    tokenPath === undefined ? withCookies(answer.headers) : withToken(auth, texts[0] ?? null);
  if (!credential) throw noToken(endpoint);
  return { credential, seconds: secondsLeft(auth, texts.at(-1) ?? null) };
}

function withToken({ header = 'Authorization', scheme }: Login, token: string | null): Credential | null {
  if (token === null) return null;
  const before = scheme ?? (header.toLowerCase() === 'authorization' ? 'Bearer' : '');
  return inHeader(header, before === '' ? token : `${before} ${token}`);
}

/** All that the answer sets: some APIs need that of their load balancer beside their own. */
function withCookies(headers: Headers): Credential | null {
  const set = [headers['set-cookie'] ?? []].flat();
  const pairs = set.flatMap((cookie) => [...cookie.matchAll(COOKIE)]);
  const cookies = new Map(pairs.map(([, name = '', text = '']) => [name, `${name}=${text.trim()}`]));
  return cookies.size === 0 ? null : inHeader('cookie', [...cookies.values()].join('; '));
}

/** An empty one is one that is taken back. */
const COOKIE = /^\s*([^=;\s]+)=([^;]+)/g;

function secondsLeft({ expiresPath, lifetimeSeconds }: Login, expires: string | null): number | undefined {
  const time = now();
  const end = expiresPath === undefined ? undefined : timeOf(expires ?? undefined, time);
  return end === undefined ? lifetimeSeconds : (end - time) / 1_000;
}
