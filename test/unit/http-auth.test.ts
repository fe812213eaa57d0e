// Who asks: each kind of credential, its renewal, and the check of a connection.
import { expect, test } from 'vitest';
import type { HttpAuth } from '../../src/config/http.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { testContext } from '../support/reading.js';

const OAUTH: HttpAuth = {
  type: 'oauth2_client_credentials',
  tokenUrl: '/oauth/token',
  clientId: 'client',
  clientSecret: 'secret',
};

test.for<[auth: HttpAuth, header: string, value: string]>([
  [{ type: 'bearer', token: 'abc' }, 'authorization', 'Bearer abc'],
  [{ type: 'basic', username: 'zoë', password: 'a:b' }, 'authorization', `Basic ${btoa('zoÃ«:a:b')}`],
  [{ type: 'api_key', key: 'abc' }, 'x-api-key', 'abc'],
  [{ type: 'api_key', key: 'abc', name: 'Token', in: 'header' }, 'token', 'abc'],
])('%o is sent with every request', async ([auth, header, value]) => {
  const api = await contactsApi();
  await readContacts(openSource(api.connection('cursor', { pageSize: 25, auth })));
  expect(api.requests.map((request) => request.headers[header])).toEqual([value, value]);
});

test('headers of the stream go before those of the connection, and both before what is usual', async () => {
  const api = await contactsApi();
  const config = api.connection('cursor', {
    headers: { Accept: 'application/vnd.crm+json', 'X-Version': '1' },
  });
  const contacts = { ...config.streams['contacts']!, headers: { 'x-version': '2' } };
  await readContacts(openSource({ ...config, streams: { contacts } }));
  expect(api.requests[0]!.headers).toMatchObject({ accept: 'application/vnd.crm+json', 'x-version': '2' });
});

test('a refused token is tried once more before the source counts as unauthorized', async () => {
  const api = await contactsApi();
  api.addFault('contacts').status(401).times(2);
  const { error } = await readContacts(openSource(api.connection('cursor')));
  expect(error).toMatchObject({ code: 'unauthorized' });
  expect(api.requests).toHaveLength(2);
});

test('one 401 among good answers is forgotten', async () => {
  const api = await contactsApi();
  api.addFault('contacts').after(1).status(401);
  const { pages, error } = await readContacts(openSource(api.connection('cursor', { pageSize: 10 })));
  expect({ pages: pages.length, error }).toEqual({ pages: 5, error: null });
  api.assertAllFaultsFired();
});

test('a token is fetched once for all, and again when it is refused', async () => {
  const api = await contactsApi({ token: 'nobody knows' });
  api.addFault('contacts').after(5).expireToken();
  const connection = createHttpConnection('crm', api.connection('cursor', { pageSize: 10, auth: OAUTH }));
  const all = await Promise.all([1, 2, 3].map(() => readContacts(connection.source!({}))));
  expect(all.map(({ error }) => error)).toEqual([null, null, null]);
  expect(api.tokensGiven()).toBe(2);
  api.assertAllFaultsFired();
});

test('a token that is refused when it is new makes the source unauthorized', async () => {
  const api = await contactsApi({ token: 'nobody knows' });
  api.addFault('contacts').expireToken().times(2);
  const { error } = await readContacts(openSource(api.connection('cursor', { auth: OAUTH })));
  expect(error).toMatchObject({ code: 'unauthorized' });
  expect(api.tokensGiven()).toBe(2);
});

test('a client that the token endpoint does not know is unauthorized, and the hint names what to check', async () => {
  const api = await contactsApi({ token: 'nobody knows' });
  const { error } = await readContacts(
    openSource(api.connection('cursor', { auth: { ...OAUTH, clientSecret: 'wrong' } })),
  );
  expect(error).toMatchObject({
    code: 'unauthorized',
    hint: expect.stringContaining('clientSecret') as string,
  });
  expect(api.requests).toEqual([]);
});

test('a connection is checked by one record of its first stream', async () => {
  const api = await contactsApi();
  const seen = await createHttpConnection('crm', api.connection('offset')).check(testContext());
  expect(seen).toBe('contacts: GET /contacts answered with 1 record.');
  expect(api.requests.map((request) => request.size)).toEqual([1]);
});

test('a check that cannot work says why', async () => {
  const api = await contactsApi();
  api.addFault('contacts').html();
  const checking = createHttpConnection('crm', api.connection('cursor')).check(testContext());
  await expect(checking).rejects.toMatchObject({ code: 'response_not_json' });
});

test.for(['nonsense', 'ftp://host/', 'https://user:password@host/'])(
  'a baseUrl of %s is refused',
  async (baseUrl) => {
    const api = await contactsApi();
    const config = { ...api.connection('cursor'), baseUrl };
    expect(() => createHttpConnection('crm', config)).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  },
);
