// Schedules and keys: a tenant's own are all there are for it, and what is done to one is logged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schedule, ScheduleList, Triggered } from '../../src/api/schedules/contracts.js';
import { until } from '../support/until.js';
import { BACKUP, openApi, type Problem, type TestApi } from './fixture.js';
import { as, keyedApi, type Keyed } from './keyed.js';

let base: TestApi;
let api: Keyed;
beforeAll(async () => {
  base = await openApi();
  api = keyedApi(base.temporal);
});
afterAll(async () => {
  await base.close();
  if (api.logged.length > 0) throw new AggregateError(api.logged, 'faults of the API');
});

type Who = 'acme' | 'globex' | 'admin';
const SETTINGS = { cron: '0 3 1 1 *', job: BACKUP };
const add = (who: Who, name: string, settings: object = {}) =>
  api.post<Schedule & Problem>('/v1/schedules', { name, ...SETTINGS, ...settings }, as(who));
const listed = async (who: Who, query = '') => {
  const { body } = await api.get<ScheduleList>(`/v1/schedules${query}`, as(who));
  return body.schedules.map(({ name }) => name);
};

/** Every call of one schedule; the last one removes it. */
async function callsOf(name: string, who: Who): Promise<string[]> {
  const path = `/v1/schedules/${name}`;
  const change = {
    body: JSON.stringify(SETTINGS),
    headers: { ...as(who), 'content-type': 'application/json' },
  };
  const answers = [
    await api.get<Problem>(path, as(who)),
    await api.send<Problem>('PUT', path, change),
    await api.post<Problem>(`${path}/pause`, undefined, as(who)),
    await api.post<Problem>(`${path}/resume`, undefined, as(who)),
    await api.post<Problem>(`${path}/trigger`, undefined, as(who)),
    await api.send<Problem>('DELETE', path, { headers: as(who) }),
  ];
  return answers.map(({ status, body }) => (status < 400 ? String(status) : `${status} ${body.code}`));
}

describe('the schedule of a tenant', () => {
  it('is not there for another, on any route, and is for its own', async () => {
    await add('globex', 'own');
    const unknown = await callsOf('none', 'acme');
    expect(new Set(unknown)).toEqual(new Set(['404 schedule_unknown']));
    expect(await callsOf('own', 'acme')).toEqual(unknown);
    expect(await callsOf('own', 'globex')).toEqual(['200', '200', '200', '200', '202', '204']);
  });

  it('is there for keys of no tenant', async () => {
    await add('globex', 'seen');
    expect(await callsOf('seen', 'admin')).toEqual(['200', '200', '200', '200', '202', '204']);
  });

  it('is in no list of another, whatever that is filtered by', async () => {
    for (const who of ['acme', 'globex', 'admin'] as const) await add(who, `of-${who}`);
    await until('all are listed', async () => {
      const names = await listed('admin');
      return ['of-acme', 'of-admin', 'of-globex'].every((name) => names.includes(name));
    });
    for (const query of ['', '?tenant=acme']) expect(await listed('acme', query)).toEqual(['of-acme']);
    expect(await listed('acme', '?tenant=globex')).toEqual([]);
    expect(await listed('admin', '?tenant=globex')).toEqual(['of-globex']);
  });

  it('starts jobs of that tenant, with archives in its folder', async () => {
    const { body } = await add('acme', 'nightly');
    expect(body.job).toMatchObject({ options: { tenant: 'acme' }, sink: { prefix: 'acme/nightly' } });
    const { headers, body: triggered } = await api.post<Triggered>(
      '/v1/schedules/nightly/trigger',
      undefined,
      as('acme'),
    );
    const place = `/v1/jobs/${triggered.job}`;
    expect(headers.get('location')).toBe(place);
    expect((await api.get(place, as('acme'))).body.archive).toMatch(/^vault\/acme\/nightly\/nightly-/);
    expect((await api.get<Problem>(place, as('globex'))).body.code).toBe('job_unknown');
  });

  it.each([
    [{ job: { ...BACKUP, options: { tenant: 'globex' } } }, 'job.options.tenant'],
    [{ job: { kind: 'verify', source: { connection: 'vault', archive: 'globex/a' } } }, 'job.source.archive'],
    [
      {
        job: {
          kind: 'restore',
          source: { connection: 'vault', archive: 'acme/a', rejectsOf: 'some' },
          sink: { connection: 'main' },
        },
      },
      'job.source.rejectsOf',
    ],
  ])('reaches for nothing of another: %j', async (settings, path) => {
    const { status, body } = await add('acme', 'greedy', settings);
    expect([status, body.code, body.errors?.map((fault) => fault.path)]).toEqual([
      422,
      'spec_invalid',
      [path],
    ]);
  });

  it('keeps its tenant over a change', async () => {
    await add('acme', 'changed');
    const path = '/v1/schedules/changed';
    const headers = { ...as('acme'), 'content-type': 'application/json' };
    const { body } = await api.send<Schedule>('PUT', path, { body: JSON.stringify(SETTINGS), headers });
    expect(body.job.options?.tenant).toBe('acme');
    expect((await api.get<Problem>(path, as('globex'))).status).toBe(404);
  });
});

it('what is done to a schedule is logged with its name, and with the job that it started', async () => {
  const own = keyedApi(base.temporal);
  await own.post('/v1/schedules', { name: 'logged', ...SETTINGS });
  const { body } = await own.post<Triggered>('/v1/schedules/logged/trigger', undefined, as('operator'));
  await own.post('/v1/schedules/logged/pause', undefined, as('viewer'));
  const common = { address: 'unknown', tenant: null, connection: null, schedule: 'logged', code: null };
  expect(own.audited).toEqual([
    { ...common, who: 'ada', what: 'POST /v1/schedules', job: null, status: 201 },
    { ...common, who: 'otto', what: 'POST /v1/schedules/{name}/trigger', job: body.job, status: 202 },
    {
      ...common,
      who: 'vera',
      what: 'POST /v1/schedules/{name}/pause',
      job: null,
      status: 403,
      code: 'role_insufficient',
    },
  ]);
});
