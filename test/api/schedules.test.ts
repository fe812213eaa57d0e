// Schedules over HTTP on a real server: what is kept, what each start becomes, and what is refused.
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewSchedule, Schedule, ScheduleList, Triggered } from '../../src/api/schedules/contracts.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import { LonghaulError } from '../../src/core/errors.js';
import { TASK_QUEUE } from '../../src/core/names.js';
import { advance, fails, type Script } from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { beatUntilStopped } from './beating.js';
import {
  BACKUP,
  bundleWorkflows,
  openApi,
  VERIFY,
  withWorker,
  type Answer,
  type Page,
  type Problem,
  type TestApi,
} from './fixture.js';

let api: TestApi;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  api = await openApi();
});
afterAll(() => api.close());

let name: string;
let number = 0;
beforeEach(() => {
  number += 1;
  name = `nightly-${number}`;
});

const NEVER = { cron: '0 3 1 1 *', timeZone: 'Europe/Berlin' } as const;
const at = (path = '') => `/v1/schedules/${name}${path}`;
const worker = <T>(script: Script, use: () => Promise<T>): Promise<T> =>
  withWorker(api.temporal, bundle, script, use);

async function add(
  settings: Partial<Omit<NewSchedule, 'job'>> & { readonly job?: unknown } = {},
): Promise<Schedule> {
  const { status, body } = await api.post<Schedule>('/v1/schedules', {
    name,
    ...NEVER,
    job: BACKUP,
    ...settings,
  });
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

const show = async (): Promise<Schedule> => (await api.get<Schedule>(at())).body;
const put = <T = Schedule>(body: unknown): Promise<Answer<T>> =>
  api.send<T>('PUT', at(), {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

/** Starts a job of the schedule that must have been started. */
async function trigger(): Promise<string> {
  const { status, body } = await api.post<Triggered>(at('/trigger'));
  if (status === 202 && body.job !== null) return body.job;
  throw new Error(`${status}: ${JSON.stringify(body)}`);
}

async function listed(query = '') {
  const { body } = await api.get<ScheduleList>(`/v1/schedules${query}`);
  return body.schedules;
}

/** A job that goes on until it is cancelled. */
const endless: Script = {
  streams: { contacts: [1_000] },
  chunk: async (input) => {
    await beatUntilStopped(input, { delta: NO_TALLIES, rate: 0 });
    return { end: 'stopped', checkpoint: advance(input, 10, false) };
  },
};

describe('a schedule', () => {
  it('is shown as it was given, with what was left out and its next starts', async () => {
    const { status, headers, body } = await api.post<Schedule>('/v1/schedules', {
      name,
      ...NEVER,
      job: BACKUP,
    });
    expect([status, headers.get('location')]).toEqual([201, at()]);
    expect(body).toMatchObject({
      name,
      ...NEVER,
      every: null,
      overlap: 'skip',
      catchUp: '1d',
      pauseOnFailure: false,
      job: BACKUP,
      paused: false,
      note: null,
      running: [],
      runs: [],
      counts: { started: 0, skipped: 0, missed: 0 },
    });
    expect(body.next).toHaveLength(10);
    // Three in the morning in Berlin, in winter.
    expect(body.next[0]).toMatch(/^\d{4}-01-01T02:00:00\.000Z$/);
    expect(await show()).toEqual(body);
  });

  it('can start a job every so often, and keeps all it was told', async () => {
    const settings = { every: '90m', overlap: 'queue', catchUp: '2h', pauseOnFailure: true } as const;
    const body = await add({ cron: undefined, timeZone: undefined, ...settings });
    expect(body).toMatchObject({ ...settings, cron: null, timeZone: null });
    expect(body.next.map((time) => Date.parse(time) % 5_400_000)).toEqual(Array(10).fill(0));
  });

  it('is listed with its next start and its last job, for its tenant', async () => {
    const tenant = `acme-${number}`;
    await add({ job: { ...BACKUP, options: { tenant } } });
    const job = await trigger();
    const [found, ...others] = await until('the list shows the job', async () => {
      const page = await listed(`?tenant=${tenant}`);
      return page[0]?.last ? page : undefined;
    });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name, ...NEVER, kind: 'backup', source: 'crm', sink: 'vault', tenant });
    expect(found?.last?.job).toBe(job);
    expect(found?.next).toBe((await show()).next[0]);
    expect(await listed('?tenant=none')).toEqual([]);
  });

  it('is changed as a whole, and keeps its pause and its runs', async () => {
    await add({ catchUp: '2h' });
    const job = await trigger();
    await api.post(at('/pause'), { note: 'the vault is full' });
    const spec = { ...BACKUP, sink: { connection: 'vault', prefix: 'hourly' } };
    const { status, body } = await put({ every: '1h', job: spec });
    expect(status).toBe(200);
    expect(body).toMatchObject({ every: '1h', cron: null, catchUp: '1d', job: spec });
    expect(body).toMatchObject({ paused: true, note: 'the vault is full', runs: [{ job }] });
    expect(Date.parse(body.changedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(body.createdAt));
  });

  it('starts nothing while it is paused, but what is asked for', async () => {
    await add();
    for (const _ of ['once', 'again']) {
      const { status, body } = await api.post<Schedule>(at('/pause'));
      expect([status, body.paused, body.note, body.next]).toEqual([200, true, 'paused', []]);
    }
    expect(await trigger()).toContain(name);
    for (const _ of ['once', 'again']) {
      const { status, body } = await api.post<Schedule>(at('/resume'));
      expect([status, body.paused, body.next.length]).toEqual([200, false, 10]);
    }
  });

  it('is gone once it is removed, and its jobs are not', async () => {
    await add();
    const job = await trigger();
    expect((await api.send('DELETE', at())).status).toBe(204);
    expect((await api.get<Problem>(at())).body.code).toBe('schedule_unknown');
    expect((await api.get(`/v1/jobs/${job}`)).body.id).toBe(job);
    await add();
  });
});

describe('its jobs', () => {
  it('each have an id and an archive of their own, however soon they come, and are found by their schedule', async () => {
    await add({ overlap: 'parallel' });
    const first = await trigger();
    // Temporal names a job by the second in which it was to start.
    const second = await trigger();
    const jobs = await worker({ streams: { contacts: [10] } }, () =>
      Promise.all([first, second].map((id) => api.job(id, ({ state }) => state === 'completed'))),
    );
    for (const job of jobs) {
      expect(job).toMatchObject({ kind: 'backup', schedule: name, source: BACKUP.source });
      expect(job.id).toMatch(new RegExp(`^${name}-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`));
      expect(job.archive).toBe(`vault/nightly/${job.id.replaceAll(':', '')}`);
      expect(job.progress.records).toBe(10);
    }
    const page = await until('both are listed', async () => {
      const { body } = await api.get<Page>(`/v1/jobs?schedule=${name}&state=completed`);
      return body.jobs.length === 2 && body.jobs;
    });
    expect(page.map(({ id }) => id)).toEqual([second, first]);
    const { runs } = await show();
    expect(runs.map(({ job, state }) => [job, state])).toEqual([
      [second, 'completed'],
      [first, 'completed'],
    ]);
  });

  it('say the same of when they began, before and after a worker took them', async () => {
    await add();
    const id = await trigger();
    const { body: queued } = await api.get(`/v1/jobs/${id}`);
    const done = await worker({ streams: { contacts: [1] } }, () =>
      api.job(id, ({ state }) => state === 'completed'),
    );
    expect(queued).toMatchObject({ state: 'queued', schedule: name });
    expect([done.createdAt, done.startedAt]).toEqual([queued.createdAt, queued.createdAt]);
  });

  it('hand the activities their id, and the schedule that started them', async () => {
    await add();
    const id = await trigger();
    const seal = await withWorker(api.temporal, bundle, { streams: { contacts: [1] } }, async (calls) => {
      await api.job(id, ({ state }) => state === 'completed');
      return calls.seal[0];
    });
    expect(seal?.job).toMatchObject({ id, schedule: name, spec: BACKUP });
    expect(seal?.report).toMatchObject({ id, schedule: name, createdAt: seal?.job.createdAt });
  });

  it('can be retried where they fail, and stay those of the schedule', async () => {
    await add();
    const id = await trigger();
    let broken = true;
    const script: Script = {
      streams: { contacts: [10] },
      chunk: (input, left) => {
        const checkpoint = advance(input, left, true);
        return broken
          ? fails(new LonghaulError('source_forbidden', 'no'), checkpoint)
          : { end: 'exhausted', checkpoint };
      },
    };
    await worker(script, async () => {
      const { createdAt } = await api.job(id, ({ state }) => state === 'failed');
      broken = false;
      expect((await api.post(`/v1/jobs/${id}/retry`)).status).toBe(202);
      const done = await api.job(id, ({ state }) => state === 'completed');
      expect(done).toMatchObject({ schedule: name, createdAt });
    });
    await until('it is listed', async () => {
      const { body } = await api.get<Page>(`/v1/jobs?schedule=${name}&state=completed`);
      return body.jobs.length === 1;
    });
  });
});

describe('where the job before still runs', () => {
  it('a start is left out, and whoever asked for it is told which job', async () => {
    await add();
    await worker(endless, async () => {
      const id = await trigger();
      const { status, body } = await api.post<Problem>(at('/trigger'));
      expect([status, body.code, body.detail]).toEqual([
        409,
        'schedule_busy',
        `The job before still runs: ${id}.`,
      ]);
      expect(await show()).toMatchObject({ running: [id], counts: { started: 1, skipped: 1 } });
      await api.post(`/v1/jobs/${id}/cancel`);
      await api.job(id, ({ state }) => state === 'cancelled');
    });
  });

  it('a start waits for it with `queue`', async () => {
    await add({ overlap: 'queue' });
    await worker(endless, async () => {
      const first = await trigger();
      expect((await api.post<Triggered>(at('/trigger'))).body.job).toBeNull();
      await api.post(`/v1/jobs/${first}/cancel`);
      const second = await until('the next one starts', async () => {
        const { runs } = await show();
        return runs.length === 2 && runs[0]?.job;
      });
      expect(second).not.toBe(first);
      await api.post(`/v1/jobs/${second}/cancel`);
      await api.job(second, ({ state }) => state === 'cancelled');
    });
  });

  it('a failed one pauses the schedule, if that was asked for', async () => {
    await add({ pauseOnFailure: true });
    const id = await trigger();
    const planError = new LonghaulError('source_forbidden', 'no');
    await worker({ streams: {}, planError }, () => api.job(id, ({ state }) => state === 'failed'));
    const schedule = await until('the schedule pauses', async () => {
      const seen = await show();
      return seen.paused && seen;
    });
    expect(schedule.note).toContain(id);
    expect(schedule.runs).toMatchObject([{ job: id, state: 'failed' }]);
  });
});

describe('what is refused', () => {
  async function faults(settings: Record<string, unknown>): Promise<unknown[]> {
    const { status, body } = await api.post<Problem>('/v1/schedules', {
      name,
      cron: '0 3 * * *',
      job: BACKUP,
      ...settings,
    });
    return [status, body.code, ...(body.errors ?? []).map(({ path, message }) => `${path}: ${message}`)];
  }
  const like = (start: string): string => expect.stringMatching(new RegExp(`^${start}`)) as string;

  it.each([
    [{ cron: '0 3 * *' }, 'cron: five fields'],
    [{ cron: '@daily' }, 'cron: five fields'],
    [{ cron: '61 3 * * *' }, 'cron: Minute is not in range'],
    [{ cron: '0 3 * * moonday' }, 'cron: DayOfWeek is not in range'],
    [{ cron: '0 3 9-3 * *' }, 'cron: DayOfMonth End is before Start'],
    [{ timeZone: 'Middle/Earth' }, 'timeZone: not a time zone'],
    [{ timeZone: 'europe/berlin' }, 'timeZone: unknown time zone'],
    [{ every: '1h' }, 'every: cannot be given beside `cron`'],
    [{ cron: undefined }, 'cron: is missing; say `cron` or `every`'],
    [{ cron: undefined, every: '90s' }, 'every: a length of time'],
    [{ cron: undefined, every: '1h', timeZone: 'Europe/Berlin' }, 'timeZone: is of `cron` only'],
    [{ catchUp: '400d' }, 'catchUp: a length of time'],
    [{ overlap: 'skipp' }, 'overlap: not an allowed value; did you mean skip'],
    [{ name: 'a/b' }, 'name: letters, digits'],
    [{ name: '' }, 'name: letters, digits'],
    [{ cronn: '0 3 * * *' }, 'cronn: unknown key; did you mean cron'],
    [{ job: { ...BACKUP, kind: 'bakcup' } }, 'job.kind: not an allowed value; did you mean backup'],
    [{ job: { ...BACKUP, sink: { connection: 'vault', archive: 'a' } } }, 'job.sink.archive: every job'],
  ])('%j', async (settings, fault) => {
    expect(await faults(settings)).toEqual([422, 'spec_invalid', like(fault)]);
    expect((await api.get<Problem>(at())).status).toBe(404);
  });

  it.each([
    [{ ...BACKUP, source: { connection: 'crn' } }, 'connection_unknown', 'job.source.connection: no such'],
    [
      { ...BACKUP, sink: { connection: 'main' } },
      'connection_unsuitable',
      'job.sink.connection: a connection',
    ],
    [
      { ...BACKUP, source: { connection: 'crm', streams: ['contact'] } },
      'stream_unknown',
      'job.source.streams.0: no such stream; did you mean contacts',
    ],
  ])('a job that cannot run: %j', async (job, code, fault) => {
    expect(await faults({ job })).toEqual([422, code, like(fault)]);
  });

  it('a name that is taken', async () => {
    await add();
    expect(await faults({})).toEqual([409, 'schedule_exists']);
  });

  it('a change to times that Temporal does not know, and all stays as it was', async () => {
    const before = await add();
    const { status, body } = await put<Problem>({ cron: '0 24 * * *', job: BACKUP });
    expect([status, body.errors]).toEqual([422, [{ path: 'cron', message: like('Hour is not in range') }]]);
    expect(await show()).toEqual(before);
  });

  it.each([
    ['that nobody gave', 'none'],
    ['with a slash', 'a%2Fb'],
    ['longer than any', 'x'.repeat(2_000)],
    ['of a NUL', '%00'],
  ])('calls of a schedule that is not there, by a name %s', async (_, unknown) => {
    const settings = JSON.stringify({ every: '1h', job: BACKUP });
    const path = `/v1/schedules/${unknown}`;
    const answers = await Promise.all([
      api.get<Problem>(path),
      api.send<Problem>('PUT', path, { body: settings, headers: { 'content-type': 'application/json' } }),
      ...['pause', 'resume', 'trigger'].map((action) => api.post<Problem>(`${path}/${action}`)),
      api.send<Problem>('DELETE', path),
    ]);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['404 schedule_unknown']),
    );
  });

  it('a body that is none', async () => {
    expect((await api.post('/v1/schedules', '{')).status).toBe(400);
    expect((await api.post('/v1/schedules', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    await add();
    expect((await api.post<Problem>(at('/pause'), { note: '' })).status).toBe(400);
  });

  it('what something else in the namespace has scheduled, which is not listed either', async () => {
    await api.temporal.client.schedule.create({
      scheduleId: name,
      spec: {},
      action: { type: 'startWorkflow', workflowType: 'other', taskQueue: TASK_QUEUE },
    });
    await add({ name: `own-${number}` });
    const names = await until('its own is listed', async () => {
      const all = (await listed()).map((each) => each.name);
      return all.includes(`own-${number}`) && all;
    });
    expect(names).not.toContain(name);
    expect((await api.get<Problem>(at())).body.code).toBe('schedule_unknown');
    expect((await api.send('DELETE', at())).status).toBe(404);
  });
});

it('schedules a verify as well as a backup, of a sample where that is asked for', async () => {
  await add({ job: { ...VERIFY, options: { sample: '10%' } } });
  const id = await trigger();
  expect((await api.get(`/v1/jobs/${id}`)).body).toMatchObject({
    kind: 'verify',
    archive: 'vault/nightly/a',
    options: { sample: '10%' },
  });
});
