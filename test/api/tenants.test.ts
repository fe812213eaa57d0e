// A key with a tenant: its own jobs are all there are, whatever is asked of the others, and its archives lie in a folder
// of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchivePage } from '../../src/api/archive-contracts.js';
import type { Job } from '../../src/core/job.js';
import { sealIn, storeIn } from '../support/archives.js';
import { until } from '../support/until.js';
import { jsonPage, stream, type Work } from '../support/writing.js';
import { BACKUP, openApi, type Page, type Problem, type TestApi } from './fixture.js';
import { as, keyedApi, type Keyed } from './keyed.js';

let base: TestApi;
let api: Keyed;
let root: string;
beforeAll(async () => {
  base = await openApi();
  root = await mkdtemp(path.join(tmpdir(), 'tenants-'));
  const store = storeIn(root);
  api = keyedApi(base.temporal, { stores: () => store });
});
afterAll(async () => {
  await base.close();
  await rm(root, { recursive: true, force: true });
  if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
});

type Tenant = 'acme' | 'globex';
const start = async (tenant: Tenant, body: unknown = BACKUP, headers: Record<string, string> = {}) =>
  api.post<Job & Problem>('/v1/jobs', body, { ...as(tenant), ...headers });

/** What a change takes; other calls take nothing. */
const bodied = (method: string, headers: Record<string, string>) =>
  method === 'PATCH'
    ? { body: JSON.stringify({ lanes: 2 }), headers: { ...headers, 'content-type': 'application/json' } }
    : { headers };

describe('the job of another tenant', () => {
  let routes: { method: string; path: string }[];
  let job: Job;
  beforeAll(async () => {
    const { body } = await api.get<{ paths: Record<string, object> }>('/openapi.json');
    routes = Object.entries(body.paths)
      .filter(([path]) => path.startsWith('/v1/jobs/{id}'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
      );
    job = (await start('globex')).body;
  });

  it('is not there, on any route', async () => {
    expect(routes.length).toBeGreaterThanOrEqual(10);
    for (const { method, path } of routes) {
      const place = path.replace('{id}', job.id).replace('{path}', 'manifest.json');
      const foreign = await api.send<Problem>(method, place, bodied(method, as('acme')));
      const unknown = await api.send<Problem>(
        method,
        place.replace(job.id, 'no-such'),
        bodied(method, as('acme')),
      );
      expect([method, path, foreign.status]).toEqual([method, path, 404]);
      if (method === 'HEAD') continue;
      const { instance, ...told } = foreign.body;
      expect(instance).toBe(place);
      expect({ ...told, instance: unknown.body.instance }).toEqual(unknown.body);
      expect(told.code).toBe('job_unknown');
    }
  });

  it('is there for its own tenant and for keys of none, on every route', async () => {
    for (const headers of [as('globex'), as('admin')]) {
      for (const { method, path } of routes.filter(({ path }) => !path.endsWith('/events'))) {
        const place = path.replace('{id}', job.id).replace('{path}', 'manifest.json');
        const { status } = await api.send<Problem>(method, place, bodied(method, headers));
        expect([method, path, [200, 202, 409].includes(status)]).toEqual([method, path, true]);
      }
    }
  });

  it('is watched by its own tenant only, also while that is watching', async () => {
    const path = `/v1/jobs/${(await start('globex')).body.id}/events`;
    const stop = new AbortController();
    const own = await api.app.request(path, { headers: as('globex'), signal: stop.signal });
    expect(own.status).toBe(200);
    expect((await api.get<Problem>(path, as('acme'))).body.code).toBe('job_unknown');
    await own.body?.cancel();
    stop.abort();
  });

  it('is in no list, whatever that is filtered by', async () => {
    const own = (await start('acme')).body;
    const list = async (tenant: Tenant | 'admin', query = '') => {
      const { status, body } = await api.get<Page>(`/v1/jobs${query}`, as(tenant));
      expect(status).toBe(200);
      return body.jobs.map(({ id }) => id);
    };
    await until('both are listed', async () => {
      const ids = await list('admin');
      return ids.includes(own.id) && ids.includes(job.id);
    });
    for (const query of ['', '?kind=backup', '?tenant=acme', '?limit=1']) {
      expect(await list('acme', query)).toContain(own.id);
      expect(await list('acme', query)).not.toContain(job.id);
    }
    expect(await list('acme', '?tenant=globex')).toEqual([]);
  });
});

describe('a job that is started with the key of a tenant', () => {
  it('belongs to it, and writes below a folder of its name', async () => {
    const plain = { ...BACKUP, sink: { connection: 'vault' } };
    expect((await start('acme', plain)).body).toMatchObject({
      options: { tenant: 'acme' },
      sink: { prefix: 'acme' },
    });
    const { id, archive } = (await start('acme')).body;
    expect(archive).toBe(`vault/acme/nightly/${id}`);
    const within = {
      ...BACKUP,
      sink: { connection: 'vault', prefix: 'acme/x' },
      options: { tenant: 'acme' },
    };
    expect((await start('acme', within)).body.sink).toMatchObject({ prefix: 'acme/x' });
    const beside = { ...BACKUP, sink: { connection: 'vault', prefix: 'acme2' } };
    expect((await start('acme', beside)).body.sink).toMatchObject({ prefix: 'acme/acme2' });
    const files = {
      kind: 'export',
      source: { connection: 'crm' },
      sink: { connection: 'vault' },
      options: { format: 'csv' },
    };
    expect((await start('acme', files)).body).toMatchObject({
      options: { tenant: 'acme' },
      sink: { prefix: 'acme' },
    });
  });

  it('cannot belong to another', async () => {
    const { status, body } = await start('acme', { ...BACKUP, options: { tenant: 'globex' } });
    expect([status, body.code, body.errors?.map(({ path }) => path)]).toEqual([
      422,
      'spec_invalid',
      ['options.tenant'],
    ]);
  });

  const source = { connection: 'vault', archive: 'globex/nightly/a' };
  it.each([
    [{ kind: 'verify', source }, 'source.archive'],
    [{ kind: 'restore', source, sink: { connection: 'main' } }, 'source.archive'],
    [{ kind: 'export', source, sink: { connection: 'vault' }, options: { format: 'csv' } }, 'source.archive'],
    [{ kind: 'verify', source: { ...source, archive: 'acme2/a' } }, 'source.archive'],
    [{ kind: 'verify', source: { ...source, archive: 'acme' } }, 'source.archive'],
    [
      { kind: 'verify', source: { ...source, archive: 'acme/a' }, options: { against: source } },
      'options.against.archive',
    ],
  ])('reads no archive of another: %j', async (spec, path) => {
    const { status, body } = await start('acme', spec);
    expect([status, body.code, body.errors?.map((fault) => fault.path)]).toEqual([
      422,
      'spec_invalid',
      [path],
    ]);
  });

  it('reads the archives of its own', async () => {
    const own = { kind: 'verify', source: { connection: 'vault', archive: 'acme/nightly/a' } };
    const { status, body } = await start('acme', own);
    expect([status, body.options]).toEqual([202, { tenant: 'acme' }]);
  });

  it('takes no rejects of another', async () => {
    const restore = (archive: string, rejectsOf?: string) => ({
      kind: 'restore',
      source: { connection: 'vault', archive, ...(rejectsOf && { rejectsOf }) },
      sink: { connection: 'main' },
    });
    const other = (await start('globex', restore('globex/a'))).body;
    const own = (await start('acme', restore('acme/a'))).body;
    const refused = await start('acme', restore('acme/a', other.id));
    expect([refused.status, refused.body.errors?.map(({ path }) => path)]).toEqual([
      422,
      ['source.rejectsOf'],
    ]);
    expect((await start('acme', restore('acme/a', own.id))).status).toBe(202);
  });

  it('has an Idempotency-Key of its own', async () => {
    const headers = { 'idempotency-key': 'nightly' };
    const [first, again, other] = [
      await start('acme', BACKUP, headers),
      await start('acme', BACKUP, headers),
      await start('globex', BACKUP, headers),
    ];
    expect([first.status, again.status, other.status]).toEqual([202, 202, 202]);
    expect(again.body.id).toBe(first.body.id);
    expect(other.body.id).not.toBe(first.body.id);
  });
});

describe('the archives of a store', () => {
  const work: Work = {
    streams: [stream('contacts')],
    parts: [{ target: { stream: 'contacts', partition: '0', index: 0 }, flushes: [[jsonPage('{"id":1}')]] }],
  };
  beforeAll(async () => {
    for (const place of ['acme/nightly/a', 'acme/b', 'acme2/c', 'globex', 'open/d']) {
      await sealIn(root, work, { path: place });
    }
  });

  const listed = async (tenant: Tenant | 'admin', query = '') => {
    const { status, body } = await api.get<ArchivePage>(`/v1/archives${query}`, as(tenant));
    expect([status, body.unreadable]).toEqual([200, []]);
    return body.archives.map((archive) => archive.path);
  };

  it('are there for a tenant as far as they lie in its folder, whatever is asked for', async () => {
    const own = '?connection=vault';
    expect(await listed('admin', own)).toEqual(['acme/b', 'acme/nightly/a', 'acme2/c', 'globex', 'open/d']);
    expect(await listed('acme', own)).toEqual(['acme/b', 'acme/nightly/a']);
    expect(await listed('acme', `${own}&prefix=acme`)).toEqual(['acme/b', 'acme/nightly/a']);
    expect(await listed('acme', `${own}&prefix=acme/nightly`)).toEqual(['acme/nightly/a']);
    for (const prefix of ['acme2', 'open', 'open/d', 'acm', 'globex', 'nightly']) {
      expect([prefix, await listed('acme', `${own}&prefix=${prefix}`)]).toEqual([prefix, []]);
    }
    expect(await listed('globex', own)).toEqual([]);
  });

  it('are paged within its folder', async () => {
    const { body } = await api.get<ArchivePage>('/v1/archives?connection=vault&limit=1', as('acme'));
    const next = `?connection=vault&limit=1&cursor=${encodeURIComponent(body.next!)}`;
    expect(await listed('acme', next)).toEqual(['acme/nightly/a']);
    expect((await api.get<ArchivePage>(`/v1/archives${next}`, as('acme'))).body.next).toBeNull();
    expect(await listed('globex', next)).toEqual([]);
  });

  it('are shown to their own tenant, and are not there for another', async () => {
    const status = async (place: string, tenant: Tenant | 'admin') => {
      const answer = await api.get<Problem>(`/v1/archives/vault/${place}`, as(tenant));
      return [answer.status, answer.body.code];
    };
    expect(await status('acme/nightly/a', 'acme')).toEqual([200, undefined]);
    expect(await status('globex', 'admin')).toEqual([200, undefined]);
    for (const place of [
      'acme2/c',
      'globex',
      'open/d',
      'acme/none',
      'acme/../open/d',
      'acme/%2e%2e/open/d',
    ]) {
      expect([place, await status(place, 'acme')]).toEqual([place, [404, 'archive_missing']]);
    }
    expect(await status('acme/nightly/a', 'globex')).toEqual([404, 'archive_missing']);
  });
});

it('does not see figures that are of all tenants', async () => {
  expect((await api.get<Problem>('/metrics', as('globex'))).body.code).toBe('role_insufficient');
  expect((await api.get('/metrics', as('viewer'))).status).toBe(200);
});
