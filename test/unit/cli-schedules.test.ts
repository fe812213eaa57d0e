// `longhaul schedules` against an API that answers as it is told: what is sent, printed and returned.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListedSchedule, Schedule } from '../../src/client/index.js';
import { events, job, json, openCli, type CliWithApi } from '../support/cli.js';

let cli: CliWithApi;
beforeEach(async () => {
  cli = await openCli();
});
afterEach(() => cli.close());

const SPEC = {
  kind: 'backup',
  source: { connection: 'crm' },
  sink: { connection: 'vault' },
  options: {},
} as const;
const schedule = (over: Partial<Schedule> = {}): Schedule => ({
  name: 'nightly',
  cron: '0 3 * * *',
  timeZone: 'Europe/Berlin',
  every: null,
  paused: false,
  note: null,
  overlap: 'skip',
  catchUp: '1d',
  pauseOnFailure: false,
  job: SPEC,
  next: ['2026-02-01T02:00:00.000Z', '2026-02-02T02:00:00.000Z'],
  running: [],
  runs: [
    {
      job: 'nightly-2026-01-31T02:00:00Z',
      scheduledAt: '2026-01-31T02:00:00.000Z',
      startedAt: '2026-01-31T02:00:00.100Z',
      state: 'completed',
    },
  ],
  counts: { started: 1_204, skipped: 1, missed: 0 },
  createdAt: '2026-01-01T12:00:00.000Z',
  changedAt: null,
  ...over,
});

const bodyOf = (index = 0): unknown => JSON.parse(cli.seen[index]?.body ?? '');
const CRON = ['--cron', '0 3 * * *'];
const WORDS = ['--', 'backup', 'crm', '--to', 'vault'];

describe('schedules add', () => {
  it('sends the times, and the spec of the command behind `--`', async () => {
    cli.answers = [json(201, schedule())];
    const times = '--time-zone Europe/Berlin --overlap queue --catch-up 2h --pause-on-failure';
    const words = 'backup crm/contacts --to vault/nightly --lanes 2 --tenant acme';
    const options = [...CRON, ...times.split(' '), '--', ...words.split(' ')];
    const { code, out, err } = await cli.run('schedules', 'add', 'nightly', ...options);
    expect({ code, err, first: out[0] }).toEqual({ code: 0, err: [], first: 'nightly' });
    expect(cli.seen).toMatchObject([{ method: 'POST', path: '/v1/schedules' }]);
    expect(bodyOf()).toEqual({
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      overlap: 'queue',
      catchUp: '2h',
      pauseOnFailure: true,
      job: {
        kind: 'backup',
        source: { connection: 'crm', streams: ['contacts'] },
        sink: { connection: 'vault', prefix: 'nightly' },
        options: { lanes: 2, tenant: 'acme' },
      },
    });
  });

  it('sends nothing that was not said', async () => {
    cli.answers = [json(201, schedule())];
    await cli.run('schedules', 'add', 'nightly', '--every', '6h', ...WORDS);
    expect(bodyOf()).toEqual({ name: 'nightly', every: '6h', job: SPEC });
  });

  it.each([
    ['backup', 'backup crm --to vault'],
    ['export', 'export crm --to vault --format csv'],
    ['restore', 'restore vault/a --to main'],
    ['copy', 'copy files --to mirror'],
    ['verify', 'verify vault/a'],
  ])('takes a %s, and starts none', async (kind, line) => {
    const connections = { connections: [] };
    cli.answers = [
      (request, ...rest) => json(200, request.method === 'GET' ? connections : schedule())(request, ...rest),
    ];
    const { code } = await cli.run('schedules', 'add', 'nightly', ...CRON, '--', ...line.split(' '));
    const posted = cli.seen.filter(({ method }) => method === 'POST');
    expect([code, posted.map(({ path }) => path)]).toEqual([0, ['/v1/schedules']]);
    expect(JSON.parse(posted[0]?.body ?? '')).toMatchObject({ job: { kind } });
  });

  it('the same API what a place is', async () => {
    const connections = [{ name: 'vault', type: 'file', roles: ['sink'], limits: {}, streams: null }];
    cli.answers = [json(200, { connections }), json(201, schedule())];
    const line = `schedules add weekly --every 7d --api ${cli.url} -- export vault/nightly/a --to vault --format csv`;
    expect(await cli.run(...line.split(' '))).toMatchObject({ code: 0 });
    expect(cli.seen.map(({ path }) => path)).toEqual(['/v1/connections', '/v1/schedules']);
    expect(bodyOf(1)).toMatchObject({
      job: { kind: 'export', source: { connection: 'vault', archive: 'nightly/a' } },
    });
  });

  it.each([
    [['backup', 'crm', '--to', 'vault', '--wait'], '--wait is not of a job that a schedule starts'],
    [['backup', 'crm', '--to', 'vault', '--idempotency-key', 'k'], '--idempotency-key is not of a job'],
    [['bakcup', 'crm', '--to', 'vault'], 'Did you mean backup?'],
    [['backup', 'crm'], "required option '--to <sink>' not specified"],
    [['diff', 'vault/a', 'vault/b'], 'unknown command'],
  ])('refuses what no schedule can start, and sends nothing: %j', async (words, said) => {
    const { code, err } = await cli.run('schedules', 'add', 'nightly', ...CRON, '--', ...words);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain(said);
    expect(cli.seen).toEqual([]);
  });

  it('shows faults at their fields', async () => {
    const errors = [{ path: 'cron', message: 'Minute is not in range [0-59]' }];
    cli.answers = [
      json(422, { code: 'spec_invalid', detail: 'cron: no', hint: 'look', status: 422, errors }),
    ];
    const { code, err } = await cli.run('schedules', 'add', 'nightly', '--cron', '61 * * * *', ...WORDS);
    expect(code).toBe(2);
    expect(err).toContain('  cron: Minute is not in range [0-59]');
  });
});

describe('one schedule', () => {
  it('is changed by `set`, which says all anew', async () => {
    cli.answers = [json(200, schedule())];
    expect(await cli.run('schedules', 'set', 'nightly', '--every', '1h', ...WORDS)).toMatchObject({
      code: 0,
    });
    expect(cli.seen).toMatchObject([{ method: 'PUT', path: '/v1/schedules/nightly' }]);
    expect(bodyOf()).toEqual({ every: '1h', job: SPEC });
  });

  it('is shown with its next starts and its jobs', async () => {
    cli.answers = [json(200, schedule({ running: ['nightly-2026-01-31T02:00:00Z'] }))];
    const { out } = await cli.run('schedules', 'show', 'nightly');
    expect(out).toEqual([
      'nightly',
      '  when      0 3 * * * Europe/Berlin',
      '  job       backup crm → vault',
      '  next      2026-02-01 02:00:00, 2026-02-02 02:00:00',
      '  overlap   skip',
      '  catch up  1d',
      '  jobs      1,204 started, 1 skipped, 0 missed',
      '  running   nightly-2026-01-31T02:00:00Z',
      '  run       2026-01-31 02:00:00 nightly-2026-01-31T02:00:00Z completed',
    ]);
  });

  it('is paused with a note, and shown as paused', async () => {
    cli.answers = [json(200, schedule({ paused: true, note: 'full', next: [], pauseOnFailure: true }))];
    const { out } = await cli.run('schedules', 'pause', 'nightly', '--note', 'full');
    expect(cli.seen).toMatchObject([{ method: 'POST', path: '/v1/schedules/nightly/pause' }]);
    expect(bodyOf()).toEqual({ note: 'full' });
    expect(out.slice(0, 2)).toEqual(['nightly paused', '  note      full']);
    expect(out).toContain('  fails     a failed job pauses it');
    expect(out.join('\n')).not.toContain('next');
  });

  it.each([
    ['pause', 'POST', '/pause'],
    ['resume', 'POST', '/resume'],
    ['show', 'GET', ''],
  ])('%s sends no body, and prints JSON where it is asked for', async (action, method, path) => {
    cli.answers = [json(200, schedule())];
    const { out } = await cli.run('schedules', action, 'nightly', '--json');
    expect(out).toEqual([JSON.stringify(schedule())]);
    expect(cli.seen).toMatchObject([{ method, path: `/v1/schedules/nightly${path}`, body: '' }]);
  });

  it('is removed', async () => {
    cli.answers = [(_, response) => response.writeHead(204).end()];
    expect(await cli.run('schedules', 'remove', 'nightly')).toEqual({
      code: 0,
      out: ['nightly removed'],
      err: [],
    });
    expect(cli.seen).toMatchObject([{ method: 'DELETE', path: '/v1/schedules/nightly' }]);
  });
});

describe('schedules trigger', () => {
  const id = 'nightly-2026-01-31T02:00:00Z';

  it('prints the id of the job alone', async () => {
    cli.answers = [json(202, { job: id, schedule: schedule() })];
    expect(await cli.run('schedules', 'trigger', 'nightly')).toEqual({ code: 0, out: [id], err: [] });
    expect(cli.seen).toMatchObject([{ method: 'POST', path: '/v1/schedules/nightly/trigger' }]);
  });

  it('stays with it on --wait, and exits as it ended', async () => {
    const failed = job({ id, state: 'failed', error: { code: 'disk_full', message: 'full', hint: '' } });
    cli.answers = [json(202, { job: id, schedule: schedule() }), events(['done', 1, failed])];
    expect((await cli.run('schedules', 'trigger', 'nightly', '--wait')).code).toBe(1);
    expect(cli.seen[1]?.path).toBe(`/v1/jobs/${encodeURIComponent(id)}/events`);
  });

  it('says so where the job has to wait for the one before', async () => {
    cli.answers = [json(202, { job: null, schedule: schedule() })];
    const { code, out, err } = await cli.run('schedules', 'trigger', 'nightly', '--wait');
    expect({ code, out }).toEqual({ code: 0, out: [] });
    expect(err.join('\n')).toContain('starts after the one before');
  });
});

describe('schedules', () => {
  const listed: ListedSchedule = {
    name: 'nightly',
    cron: null,
    timeZone: null,
    every: '6h',
    paused: false,
    note: null,
    kind: 'backup',
    source: 'crm',
    sink: 'vault',
    tenant: null,
    next: '2026-02-01T02:00:00.000Z',
    last: null,
  };

  it('lists them as a table', async () => {
    const never = { ...listed, name: 'never', every: null, cron: '0 0 31 2 *', next: null };
    const paused = { ...listed, name: 'paused', sink: null, paused: true, next: null };
    cli.answers = [json(200, { schedules: [listed, never, paused] })];
    const { out } = await cli.run('schedules', '--tenant', 'acme');
    expect(cli.seen[0]?.path).toBe('/v1/schedules?tenant=acme');
    expect(out).toEqual([
      'NAME     WHEN            JOB     SOURCE  SINK   NEXT (UTC)           LAST JOB',
      'nightly  every 6h        backup  crm     vault  2026-02-01 02:00:00',
      'never    0 0 31 2 * UTC  backup  crm     vault  never',
      'paused   every 6h        backup  crm            paused',
    ]);
  });

  it('leads to the jobs of one', async () => {
    cli.answers = [json(200, { jobs: [], next: null })];
    await cli.run('jobs', '--schedule', 'nightly');
    expect(cli.seen[0]?.path).toBe('/v1/jobs?schedule=nightly');
  });
});
