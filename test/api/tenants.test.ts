// A key with a tenant: its own jobs are all there are, whatever is asked of the others, and its archives lie in a folder
// of its own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { createMemoryStore, newSpace } from '../support/memory-store.js';
import { until } from '../support/until.js';
import { BACKUP, openApi, type Page, type Problem, type TestApi } from './fixture.js';
import { as, keyedApi, type Keyed } from './keyed.js';

let base: TestApi;
let api: Keyed;
beforeAll(async () => {
  base = await openApi();
  const store = createMemoryStore(newSpace());
  api = keyedApi(base.temporal, { stores: () => store });
});
afterAll(async () => {
  await base.close();
  if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
});

type Tenant = 'acme' | 'globex';
const start = async (tenant: Tenant, body: unknown = BACKUP, headers: Record<string, string> = {}) =>
  api.post<Job & Problem>('/v1/jobs', body, { ...as(tenant), ...headers });

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
      const foreign = await api.send<Problem>(method, place, { headers: as('acme') });
      const unknown = await api.send<Problem>(method, place.replace(job.id, 'no-such'), {
        headers: as('acme'),
      });
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
        const { status } = await api.send<Problem>(method, place, { headers });
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
