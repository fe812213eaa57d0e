// Who may do what: keys and their roles on every route, sessions of browsers, names of the API, the lines of the log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTable, LEAST } from '../../src/api/roles.js';
import { KEY_ROLES, suffices } from '../../src/core/key-roles.js';
import { until } from '../support/until.js';
import { BACKUP, openApi, type Problem, type TestApi } from './fixture.js';
import { as, keyedApi, KEYS, type Keyed } from './keyed.js';

let base: TestApi;
let api: Keyed;
let routes: { method: string; path: string; security: unknown }[];
beforeAll(async () => {
  base = await openApi();
  api = keyedApi(base.temporal);
  const { body } = await api.get<{ paths: Record<string, Record<string, { security: unknown }>> }>(
    '/openapi.json',
  );
  routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      security,
    })),
  );
});
afterAll(() => base.close());

const none = { authorization: '' };
/** A HEAD is let in where the GET is. */
const leastOf = ({ method, path }: { method: string; path: string }) =>
  LEAST[`${method === 'HEAD' ? 'GET' : method} ${path}`];
const callOf = (path: string) =>
  path.replace('{id}', 'some').replace('{name}', 'nobody').replace('{path}', 'manifest.json');

describe('every route', () => {
  it('has a least role in the table, and the table has no other', () => {
    expect(routes.length).toBeGreaterThanOrEqual(25);
    const own = api.app.routes.filter(({ method }) => method !== 'ALL');
    expect([...new Set(own.map(inTable))].sort()).toEqual(Object.keys(LEAST).sort());
  });

  it('is described with the role that it needs', () => {
    for (const route of routes) {
      const least = leastOf(route);
      const wanted = least === 'nobody' ? [] : [{ bearer: [least] }, { session: [least] }];
      expect([route.path, route.security]).toEqual([route.path, wanted]);
    }
  });

  it('is described without a role where there are no keys', async () => {
    const { body } = await base.get<{ paths: Record<string, Record<string, object>> }>('/openapi.json');
    const operations = Object.values(body.paths).flatMap((methods) => Object.values(methods));
    expect(operations.length).toBe(routes.length);
    expect(operations.filter((operation) => 'security' in operation)).toEqual([]);
  });

  it('but health and login is closed without a key', async () => {
    const closed = routes.filter((route) => leastOf(route) !== 'nobody');
    expect(closed.length).toBe(routes.length - 3);
    for (const { method, path } of closed) {
      const { status, headers } = await api.send<Problem>(method, callOf(path), { headers: none });
      expect([path, status, headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer realm="longhaul"']);
    }
    for (const path of ['/openapi.json', '/docs']) {
      expect((await api.get<Problem>(path, none)).body.code).toBe('access_key_missing');
    }
    expect((await api.get('/healthz', none)).status).toBe(200);
  });

  it.each(KEY_ROLES)('lets a key of the role %s do what the table says, and nothing else', async (role) => {
    for (const route of routes) {
      const least = leastOf(route)!;
      const { status, body } = await api.send<Problem>(route.method, callOf(route.path), {
        headers: as(role),
      });
      const allowed = least === 'nobody' || suffices(role, least);
      expect([route.path, status === 403, body.code === 'role_insufficient']).toEqual([
        route.path,
        !allowed,
        !allowed && route.method !== 'HEAD',
      ]);
    }
  });

  it('that there is not is told to whoever has a key, and to nobody else', async () => {
    expect((await api.get<Problem>('/v2', none)).status).toBe(401);
    expect((await api.get<Problem>('/v2', as('viewer'))).body.code).toBe('route_unknown');
    expect((await api.send<Problem>('PUT', '/v1/jobs', { headers: as('viewer') })).status).toBe(405);
  });

  it('is reached by no spelling that the table does not see', async () => {
    const spellings = [
      '/v1/%6aobs',
      '/v1/jobs?x=1',
      '/v1//jobs',
      '/v1/jobs/',
      '/V1/jobs',
      '/v1/jobs/x/..',
      '//v1/jobs',
    ];
    for (const path of spellings) {
      const url = `http://localhost${path}`;
      expect([path, (await api.get(url, none)).status]).toEqual([path, 401]);
      const { status } = await api.send('POST', url, { headers: as('viewer') });
      expect([path, [403, 404, 405].includes(status)]).toEqual([path, true]);
    }
  });
});

describe('a key', () => {
  it.each(['', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'lh_x'])(
    'is not in `%s`',
    async (authorization) => {
      const { status, body } = await api.get<Problem>('/v1/jobs', { authorization });
      expect([status, body.code]).toEqual([401, 'access_key_missing']);
    },
  );

  it('that is not known is refused, logged without the key, and held back after a hundred a minute', async () => {
    let now = Date.now();
    const own = keyedApi(base.temporal, { clock: () => now });
    const tries = async (key: string) => own.get<Problem>('/v1/jobs', { authorization: `Bearer ${key}` });
    for (let i = 0; i < 100; i++) {
      const { status, body, headers } = await tries(`${KEYS.admin}${i}`);
      expect([status, body.code]).toEqual([401, 'access_key_unknown']);
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    const { status, body, headers } = await tries('wrong');
    expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'access_keys_exceeded', '60']);
    expect(own.refused).toHaveLength(100);
    expect(JSON.stringify(own.refused)).not.toContain(KEYS.admin);
    expect((await tries(KEYS.viewer)).status).toBe(200);
    now += 60_001;
    expect((await tries('wrong')).status).toBe(401);
  });

  it('that is not known is held back after ten a minute where it is typed', async () => {
    const now = Date.now();
    const own = keyedApi(base.temporal, { clock: () => now });
    const login = async (key: string) => (await own.post('/v1/session', { key }, none)).status;
    for (let i = 0; i < 10; i++) expect(await login(`${KEYS.admin}${i}`)).toBe(401);
    expect(await login('wrong')).toBe(429);
    expect(await login(KEYS.viewer)).toBe(200);
  });

  it('that asks too often is told to wait, on every route that takes one, and no other is', async () => {
    const now = Date.now();
    const own = keyedApi(base.temporal, { clock: () => now });
    for (let i = 0; i < 1_000; i++) await own.app.request('/v1/session', { headers: as('viewer') });
    const closed = routes.filter((route) => leastOf(route) === 'viewer');
    for (const { method, path } of closed) {
      const { status, headers } = await own.send<Problem>(method, callOf(path), { headers: as('viewer') });
      expect([path, status, headers.get('retry-after')]).toEqual([path, 429, '1']);
    }
    const { body } = await own.get<Problem>('/v1/jobs', as('viewer'));
    expect(body.code).toBe('requests_exceeded');
    expect((await own.get('/v1/jobs', as('operator'))).status).toBe(200);
    expect((await own.get('/healthz', as('viewer'))).status).toBe(200);
  });

  it('that watches with a thousand streams gets another one when one is let go', async () => {
    const { id } = await base.start();
    let now = Date.now();
    const own = keyedApi(base.temporal, { clock: () => now });
    const watch = () => own.app.request(`/v1/jobs/${id}/events`, { headers: as('viewer') });
    const open: Response[] = [];
    for (let i = 0; i < 1_000; i++) open.push(await watch());
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    now += 60_000;
    const refused = await own.get<Problem>(`/v1/jobs/${id}/events`, as('viewer'));
    expect([refused.status, refused.body.code]).toEqual([429, 'requests_exceeded']);
    expect((await own.get(`/v1/jobs/${id}`, as('viewer'))).status).toBe(200);
    await open[0]!.body!.cancel();
    await until('there is room for another one', async () => (await watch()).status === 200);
    expect((await watch()).status).toBe(429);
    own.stop();
  });

  it('says who it is', async () => {
    const { body } = await api.get('/v1/session', as('acme'));
    expect(body).toEqual({ name: 'acme-ci', role: 'operator', tenant: 'acme' });
    expect((await base.get('/v1/session')).body).toEqual({ name: null, role: 'admin', tenant: null });
  });
});

describe('a session', () => {
  const home = { host: 'longhaul.example:8400', origin: 'http://longhaul.example:8400' };
  async function login(on: Keyed, headers: Record<string, string> = home, key = KEYS.operator) {
    const answer = await on.post('/v1/session', { key }, { ...none, ...headers });
    const set = answer.headers.get('set-cookie') ?? '';
    return { ...answer, set, cookie: { ...none, cookie: set.split(';')[0]! } };
  }

  it('comes as a cookie that no script reads and no other site sends', async () => {
    const { status, body, set } = await login(api);
    expect([status, body]).toEqual([200, { name: 'otto', role: 'operator', tenant: null }]);
    expect(set).toMatch(/^longhaul_session=otto\.\S+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(set).not.toContain(KEYS.operator);
  });

  it('is kept to https where the browser speaks that, also with a proxy before the API', async () => {
    expect((await login(api, { ...home, 'x-forwarded-proto': 'https' })).set).toContain('; Secure');
    const direct = await api.post('https://longhaul.example/v1/session', { key: KEYS.operator }, none);
    expect(direct.headers.get('set-cookie')).toContain('; Secure');
  });

  it('reads, and changes things from a page of the API itself only', async () => {
    const { cookie } = await login(api);
    const { host } = home;
    expect((await api.get('/v1/jobs', { ...cookie, host })).status).toBe(200);
    expect((await api.post('/v1/jobs', BACKUP, { ...cookie, ...home })).status).toBe(202);
    expect((await api.post('/v1/jobs', BACKUP, { ...cookie, host })).status).toBe(403);
    const elsewhere = [
      'https://evil.example',
      'http://longhaul.example:3000',
      'http://longhaul.example',
      'null',
    ];
    for (const origin of elsewhere) {
      const { status, body } = await api.post<Problem>('/v1/jobs', BACKUP, { ...cookie, host, origin });
      expect([origin, status, body.code]).toEqual([origin, 403, 'host_refused']);
    }
  });

  it('has the role of its key', async () => {
    const { cookie } = await login(api, home, KEYS.viewer);
    expect((await api.get('/v1/session', { ...cookie, ...home })).body).toMatchObject({ role: 'viewer' });
    expect((await api.post<Problem>('/v1/jobs', BACKUP, { ...cookie, ...home })).body.code).toBe(
      'role_insufficient',
    );
  });

  it('ends with the logout, on the server too', async () => {
    const { cookie } = await login(api);
    const out = await api.send('DELETE', '/v1/session', { headers: { ...cookie, ...home } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await api.get<Problem>('/v1/jobs', { ...cookie, ...home })).status).toBe(401);
    expect((await api.send('DELETE', '/v1/session', { headers: none })).status).toBe(204);
  });

  it('ends after twelve hours, and with its key', async () => {
    let now = Date.now();
    const own = keyedApi(base.temporal, { clock: () => now });
    const { cookie } = await login(own);
    const other = keyedApi(base.temporal);
    expect((await other.get('/v1/jobs', { ...cookie, ...home })).status).toBe(200);
    const without = keyedApi(base.temporal, {}, { keys: [] });
    expect((await without.get('/v1/session', cookie)).body).toEqual({
      name: null,
      role: 'admin',
      tenant: null,
    });
    now += 12 * 3_600_000;
    expect((await own.get<Problem>('/v1/jobs', { ...cookie, ...home })).body.code).toBe('access_key_unknown');
  });

  it('cannot be made up', async () => {
    const { cookie } = await login(api);
    const stranger = keyedApi(base.temporal, {}, { sessionSecret: 'another secret' });
    const changed = [
      cookie.cookie.replace('=otto', '=ada'),
      cookie.cookie.replace(/\.\d+\./, '.9999999999999.'),
      cookie.cookie.slice(0, -1),
      'longhaul_session=ada',
      'longhaul_session=ada...',
    ];
    for (const text of changed) {
      expect([text, (await api.get('/v1/jobs', { ...none, cookie: text })).status]).toEqual([text, 401]);
    }
    expect((await stranger.get('/v1/jobs', cookie)).status).toBe(401);
  });

  it('begins with a key that is known, in a body that is JSON', async () => {
    expect((await login(api, home, 'lh_wrong')).status).toBe(401);
    const form = { ...none, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await api.post<Problem>('/v1/session', 'key=a', form)).status).toBe(415);
    const { status, body } = await api.post<Problem>('/v1/session', { ky: 'a' }, none);
    expect([status, body.errors?.map(({ path }) => path)]).toEqual([400, ['key', 'ky']]);
    expect((await login(api, { ...home, origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('with keys the API', () => {
  it.each(['longhaul.example', 'longhaul.example:8400', '10.0.0.7:8400', '[2001:db8::1]', 'localhost'])(
    'answers to %s',
    async (host) => {
      expect((await api.get('/healthz', { host })).status).toBe(200);
    },
  );

  it.each(['evil.example', 'longhaul.example.evil.example', 'sub.longhaul.example', '10.0.0.7.evil.example'])(
    'does not answer to %s, which may have been made to lead here',
    async (host) => {
      const { status, body } = await api.get<Problem>('/healthz', { host });
      expect([status, body.code]).toEqual([403, 'host_refused']);
    },
  );
});

describe('the log', () => {
  it('has a line for each change: who, what, which job, and how it ended', async () => {
    const own = keyedApi(base.temporal);
    const { id } = await own.start();
    await own.post(`/v1/jobs/${id}/pause`, undefined, as('acme'));
    await own.post(`/v1/jobs/${id}/cancel`, undefined, as('viewer'));
    await own.post('/v1/connections/crn/check');
    await own.post('/v1/jobs', {}, as('operator'));
    await own.send('DELETE', '/v1/archives/vault/nightly/a', { headers: as('operator') });
    await own.get(`/v1/jobs/${id}`);
    const nothing = { tenant: null, connection: null, schedule: null, archive: null, code: null };
    const common = { ...nothing, address: 'unknown' };
    expect(own.audited).toEqual([
      { ...common, who: 'ada', what: 'POST /v1/jobs', job: id, status: 202 },
      {
        ...common,
        who: 'acme-ci',
        tenant: 'acme',
        what: 'POST /v1/jobs/{id}/pause',
        job: id,
        status: 404,
        code: 'job_unknown',
      },
      {
        ...common,
        who: 'vera',
        what: 'POST /v1/jobs/{id}/cancel',
        job: id,
        status: 403,
        code: 'role_insufficient',
      },
      {
        ...common,
        who: 'ada',
        what: 'POST /v1/connections/{name}/check',
        job: null,
        connection: 'crn',
        status: 404,
        code: 'connection_unknown',
      },
      { ...common, who: 'otto', what: 'POST /v1/jobs', job: null, status: 422, code: 'spec_invalid' },
      {
        ...common,
        who: 'otto',
        what: 'DELETE /v1/archives/{connection}/{path}',
        job: null,
        connection: 'vault',
        archive: 'nightly/a',
        status: 403,
        code: 'role_insufficient',
      },
    ]);
  });

  it('has logins and logouts, and never a key or a session', async () => {
    const own = keyedApi(base.temporal);
    const { headers } = await own.post('/v1/session', { key: KEYS.viewer }, none);
    const cookie = headers.get('set-cookie')!.split(';')[0]!;
    await own.send('DELETE', '/v1/session', { headers: { ...none, cookie } });
    expect(own.audited).toMatchObject([
      { who: 'vera', what: 'POST /v1/session', status: 200 },
      { who: 'vera', what: 'DELETE /v1/session', status: 204 },
    ]);
    expect(JSON.stringify(own.audited)).not.toContain(KEYS.viewer);
    expect(JSON.stringify(own.audited)).not.toContain(cookie.split('=')[1]);
  });
});

describe('every answer', () => {
  it('tells a browser to run nothing, guess nothing, frame nothing and keep nothing', async () => {
    const { id } = await api.start();
    const big = 'x'.repeat(40_000);
    const answers = [
      await api.get('/v1/jobs'),
      await api.get('/v1/jobs/none'),
      await api.get('/nowhere'),
      await api.get('/v1/jobs', none),
      await api.get('/healthz', { host: 'evil.example' }),
      await api.post('/v1/jobs', big, { 'content-type': 'application/json' }),
      await api.post(`/v1/jobs/${id}/cancel`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 401, 403, 413, 202]);
    for (const { headers } of answers) {
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});
