// Logging in: what is sent, what of the answer is used, for how long, and what a refusal leads to.
import { describe, expect, test } from 'vitest';
import type { HttpAuth } from '../../src/config/http.js';
import { createTokens } from '../../src/connectors/http/auth/tokens.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import type { FakeApi } from '../support/fake-api.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { startJsonServer } from '../support/json-server.js';
import { testContext } from '../support/reading.js';

type Login = Extract<HttpAuth, { type: 'login' }>;

const LOGIN: Login = {
  type: 'login',
  loginUrl: '/login',
  body: { name: 'client', password: 'secret' },
  tokenPath: 'session.token',
};
const { tokenPath: _, ...COOKIES } = LOGIN;

const SHORT = { lifetimeSeconds: 1e-3 };
const inAnHour = () => Date.now() + 3_600_000;

const guarded = () => contactsApi({ token: 'nobody knows' });

async function read(api: FakeApi, auth: HttpAuth) {
  return readContacts(openSource(api.connection('cursor', { pageSize: 25, auth })));
}

test.for<[name: string, more: Partial<Login>, header: string, value: string]>([
  ['as a bearer', {}, 'authorization', 'Bearer token-1'],
  ['without a scheme', { scheme: '' }, 'authorization', 'token-1'],
  ['in a header of its own', { header: 'X-Session' }, 'x-session', 'token-1'],
  ['there with a scheme', { header: 'AUTHORIZATION', scheme: 'Bearer' }, 'authorization', 'Bearer token-1'],
])('the token of a login is sent %s with every request', async ([, more, header, value]) => {
  const api = await guarded();
  const { error } = await read(api, { ...LOGIN, ...more });
  expect(error).toBeNull();
  expect(api.requests.map((request) => request.headers[header])).toEqual([value, value]);
  expect(api.logins).toHaveLength(1);
});

test('without a place of a token, the cookies that the login sets are sent', async () => {
  const api = await guarded();
  const { error } = await read(api, COOKIES);
  expect(error).toBeNull();
  expect(api.requests.map(({ headers }) => headers.cookie)).toEqual(
    Array(2).fill('session=token-1; node=n 1'),
  );
});

test.for<[name: string, more: Partial<Login>, type: string, body: string]>([
  ['JSON', {}, 'application/json', '{"name":"client","password":"secret"}'],
  [
    'JSON in objects',
    { body: { user: { name: 'client', password: 'secret', remember: true } } },
    'application/json',
    '{"user":{"name":"client","password":"secret","remember":true}}',
  ],
  [
    'a form',
    { encoding: 'form', body: { name: 'client', password: 'secret', days: 1 } },
    'application/x-www-form-urlencoded',
    'name=client&password=secret&days=1',
  ],
  [
    'a form of objects',
    { encoding: 'form', body: { user: { name: 'client', password: 'secret' } } },
    'application/x-www-form-urlencoded',
    'user%5Bname%5D=client&user%5Bpassword%5D=secret',
  ],
])('a login is sent as %s', async ([, more, type, body]) => {
  const api = await guarded();
  const { error } = await read(api, { ...LOGIN, ...more });
  expect(error).toBeNull();
  expect(api.logins).toMatchObject([{ body, headers: { 'content-type': type } }]);
});

test('headers of the connection go along with a login at home, and nowhere else', async () => {
  const [api, elsewhere] = [await guarded(), await guarded()];
  const headers = { 'X-Tenant': 'hush' };
  for (const loginUrl of ['/login', `${elsewhere.url}/login`]) {
    const config = api.connection('cursor', { headers, auth: { ...LOGIN, loginUrl } });
    expect((await readContacts(openSource(config))).error).toBeNull();
  }
  expect(api.logins.map((login) => login.headers['x-tenant'])).toEqual(['hush']);
  expect(elsewhere.logins.map((login) => login.headers['x-tenant'])).toEqual([undefined]);
});

test('a login is made once for all, and again when its token is refused', async () => {
  const api = await guarded();
  api.addFault('contacts').after(5).expireToken();
  const connection = createHttpConnection('crm', api.connection('cursor', { pageSize: 10, auth: LOGIN }));
  const all = await Promise.all([1, 2, 3].map(() => readContacts(connection.source!({}))));
  expect(all.map(({ error }) => error)).toEqual([null, null, null]);
  expect(api.logins).toHaveLength(2);
  api.assertAllFaultsFired();
});

test('a token that is refused when it is new makes the source unauthorized, after two logins', async () => {
  const api = await guarded();
  api.addFault('contacts').expireToken().times(2);
  expect((await read(api, LOGIN)).error).toMatchObject({ code: 'unauthorized' });
  expect(api.logins).toHaveLength(2);
});

test('a login that is refused is unauthorized, says what to check, and tells nothing of what was sent', async () => {
  const api = await guarded();
  const { error } = await read(api, { ...LOGIN, body: { name: 'client', password: 'hush' } });
  expect(error).toMatchObject({
    code: 'unauthorized',
    message: 'login: POST /login answered 422 (application/json).',
    hint: expect.stringContaining('`body`') as string,
  });
  expect(JSON.stringify([error, error?.message, error?.hint, String(error?.cause)])).not.toContain('hush');
  expect([api.logins.length, api.requests.length]).toEqual([1, 0]);
});

test('a connection with a login is checked by logging in', async () => {
  const api = await guarded();
  const check = (auth: HttpAuth) =>
    createHttpConnection('crm', api.connection('cursor', { auth })).check(testContext());
  expect(await check(LOGIN)).toBe('contacts: GET /contacts answered with 1 record.');
  await expect(check({ ...LOGIN, body: {} })).rejects.toMatchObject({ code: 'unauthorized' });
});

describe('a login that is answered', () => {
  test.for<[name: string, more: Partial<Login>, status: number, body: string, code: string, check: string]>([
    ['without a token', {}, 200, '{"session":{}}', 'response_invalid', 'tokenPath'],
    ['with an empty token', {}, 200, '{"session":{"token":""}}', 'response_invalid', 'tokenPath'],
    ['with something else', {}, 200, '{"session":{"token":{"hush":1}}}', 'response_invalid', 'tokenPath'],
    ['in HTML', {}, 200, '<html>hush</html>', 'response_invalid', 'loginUrl'],
    ['with nothing', {}, 204, '', 'response_invalid', 'loginUrl'],
    ['without a cookie', { tokenPath: undefined }, 200, '{}', 'response_invalid', 'tokenPath'],
    ['by 400', {}, 400, '{"error":"hush"}', 'unauthorized', 'body'],
    ['by 401', {}, 401, '{"error":"hush"}', 'unauthorized', 'body'],
    ['by 403', {}, 403, '{"error":"hush"}', 'unauthorized', 'body'],
    ['by 404', {}, 404, '{}', 'source_not_found', 'loginUrl'],
    ['by 415', {}, 415, '{}', 'source_refused', 'encoding'],
    ['by 429', {}, 429, '{}', 'source_throttled', 'requestsPerSecond'],
    ['by 500', {}, 500, '{}', 'source_unavailable', 'Retry'],
  ])('%s is named, with what to do', async ([, more, status, body, code, check]) => {
    const server = await startJsonServer(() => ({ status, body }));
    const api = await guarded();
    const { error } = await read(api, { ...LOGIN, ...more, loginUrl: `${server.url}/login` });
    expect(error).toMatchObject({ code, hint: expect.stringContaining(check) as string });
    expect(`${error?.message}${error?.hint}`).not.toContain('hush');
    expect(api.requests).toEqual([]);
  });

  test.for<[place: string, body: string, value: string]>([
    ['', '"abc"', 'Bearer abc'],
    ['token', '{"token":98765432109876543210}', 'Bearer 98765432109876543210'],
    ['a.token', String.raw`{"a":{"token":"a\/b"}}`, 'Bearer a/b'],
  ])('has its token at the place %s', async ([tokenPath, body, value]) => {
    const server = await startJsonServer(() => ({ status: 200, body }));
    const api = await contactsApi();
    await read(api, { ...LOGIN, tokenPath, loginUrl: `${server.url}/login` });
    expect(api.requests[0]!.headers.authorization).toBe(value);
  });
});

describe('a token', () => {
  test.for<[name: string, seconds: number | undefined, usable: number]>([
    ['is left half a minute before its end', 3_600, 3_570],
    ['is left halfway where that is later', 20, 10],
    ['of no end is kept', undefined, Infinity],
    ['that ended before it was given is kept until it is refused', -5, Infinity],
    ['of an end that is none is kept until it is refused', NaN, Infinity],
  ])('%s', async ([, seconds, usable]) => {
    let [fetched, ms] = [0, 0];
    const fetch = async () => ({ credential: { headers: { n: String(++fetched) }, params: {} }, seconds });
    const tokens = createTokens(fetch, () => ms);
    const current = () => tokens.current(new AbortController().signal);
    const first = await current();
    ms = Math.min(usable * 1_000, Number.MAX_SAFE_INTEGER) - 1;
    expect(await current()).toBe(first);
    ms += 1;
    expect((await current()) === first).toBe(usable === Infinity);
    expect(fetched).toBe(usable === Infinity ? 1 : 2);
  });

  test.for<[name: string, more: Partial<Login>, expires: () => unknown, logins: number]>([
    ['by its seconds', { expiresPath: 'expires' }, () => 2e-3, 2],
    ['by the seconds of the config', SHORT, () => null, 2],
    ['by the config where the answer says none', { ...SHORT, expiresPath: 'x' }, () => 3_600, 2],
    ['by the answer before the config', { ...SHORT, expiresPath: 'expires' }, () => 3_600, 1],
    ['by an epoch', { ...SHORT, expiresPath: 'expires' }, () => Math.ceil(inAnHour() / 1_000), 1],
    ['by a date', { ...SHORT, expiresPath: 'expires' }, () => new Date(inAnHour()).toISOString(), 1],
  ])('ends %s', async ([, more, expires, logins]) => {
    const server = await startJsonServer(() => ({
      status: 200,
      body: JSON.stringify({ token: 'abc', expires: expires() }),
    }));
    const api = await contactsApi({ latencyMs: 5 });
    const auth = { ...LOGIN, ...more, tokenPath: 'token', loginUrl: `${server.url}/login` };
    expect((await read(api, auth)).pages).toHaveLength(2);
    expect(server.requests).toBe(logins);
  });
});

test.for<[auth: HttpAuth, field: string]>([
  [{ ...LOGIN, loginUrl: 'http://' }, 'loginUrl'],
  [{ ...LOGIN, loginUrl: 'ftp://host/login' }, 'loginUrl'],
  [{ ...LOGIN, loginUrl: 'https://user:hush@host/login' }, 'loginUrl'],
  [{ type: 'oauth2_client_credentials', tokenUrl: 'http://', clientId: 'c', clientSecret: 's' }, 'tokenUrl'],
])('%o is refused by the name of its URL', async ([auth, field]) => {
  const api = await contactsApi();
  expect(() => createHttpConnection('crm', api.connection('cursor', { auth }))).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      message: `connections.crm.auth.${field} is not a plain http(s) URL.`,
    }),
  );
});
