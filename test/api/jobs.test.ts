// Starting, showing and listing jobs. No worker runs in this file: that none is needed is the point.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { until } from '../support/until.js';
import { BACKUP, openApi, VERIFY, type Page, type Problem, type TestApi } from './fixture.js';

let api: TestApi;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

/** Posts a spec that must be refused. */
async function refused(body: unknown): Promise<Problem> {
  const { status, headers, body: problem } = await api.post<Problem>('/v1/jobs', body);
  expect(status).toBe(422);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(problem).toMatchObject({
    status: 422,
    instance: '/v1/jobs',
    type: `urn:longhaul:error:${problem.code}`,
  });
  return problem;
}

function ids(list: readonly Job[]): string[] {
  return list.map(({ id }) => id);
}

function tenant(name: string): string {
  return `tenant=${encodeURIComponent(name)}`;
}

describe('starting a job', () => {
  it('answers at once with the job, queued, and where to find it', async () => {
    const { status, headers, body: job } = await api.post('/v1/jobs', BACKUP);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({ kind: 'backup', state: 'queued', source: BACKUP.source, sink: BACKUP.sink });
    expect(job.id).toMatch(/^backup-crm-\d{8}t\d{6}-[a-z0-9]{6}$/);
    expect(job.archive).toBe(`vault/nightly/${job.id}`);
    expect(job.webUi).toBe(`http://127.0.0.1:8233/namespaces/${api.temporal.namespace}/workflows/${job.id}`);
    expect((await api.get(`/v1/jobs/${job.id}`)).body).toEqual(job);
  });

  it('starts one workflow that Temporal shows under the words of the job', async () => {
    const spec = { ...BACKUP, options: { tenant: 'acme' } };
    const { id } = await api.start(spec);
    const description = await api.temporal.client.workflow.getHandle(id).describe();
    expect(description).toMatchObject({ type: 'backup', taskQueue: 'longhaul' });
    expect(description.searchAttributes).toMatchObject({
      JobKind: ['backup'],
      JobState: ['queued'],
      JobSource: ['crm'],
      JobSink: ['vault'],
      JobTenant: ['acme'],
    });
    expect(await description.staticSummary()).toBe(`crm → vault/nightly/${id}`);
    expect(await description.staticDetails()).toContain('Streams: contacts');
    const { executionExpirationTime, runExpirationTime } = description.raw.workflowExtendedInfo ?? {};
    const limits = [executionExpirationTime, runExpirationTime].map((time) => Number(time?.seconds ?? 0));
    expect(limits.every((seconds) => seconds <= 0)).toBe(true);
  });

  it('takes a verify job, which has no sink', async () => {
    const job = await api.start(VERIFY);
    expect(job).toMatchObject({ kind: 'verify', sink: null, archive: 'vault/nightly/a' });
    expect(job.id).toMatch(/^verify-vault-/);
  });

  it('takes a comparison, and says with what', async () => {
    for (const [against, words] of [
      [{ connection: 'crm' }, 'crm'],
      [{ connection: 'vault', archive: 'b' }, 'vault/b'],
    ] as const) {
      const { id } = await api.start({ ...VERIFY, options: { against } });
      const handle = api.temporal.client.workflow.getHandle(id);
      const summary = await (await handle.describe()).staticSummary();
      expect(summary).toBe(`verify vault/nightly/a against ${words}`);
    }
  });

  it('takes a verify of a sample, and says so wherever it is shown', async () => {
    const job = await api.start({ ...VERIFY, options: { sample: '0.5%' } });
    expect(job.options).toEqual({ sample: '0.5%' });
    const handle = api.temporal.client.workflow.getHandle(job.id);
    const summary = await (await handle.describe()).staticSummary();
    expect(summary).toBe('verify vault/nightly/a, a sample of 0.5%');
  });

  it('takes a restore job, which has both, and shows the archive that it reads', async () => {
    const sink = { connection: 'main', mode: 'upsert', create: true };
    const job = await api.start({ ...VERIFY, kind: 'restore', sink });
    expect(job).toMatchObject({ kind: 'restore', sink, archive: 'vault/nightly/a' });
    const handle = api.temporal.client.workflow.getHandle(job.id);
    expect(await (await handle.describe()).staticSummary()).toBe('vault/nightly/a → main');
  });

  it('gives ids that sort by time', async () => {
    const first = await api.start();
    await until(
      'the next second',
      () => new Date().toISOString().slice(0, 19) > first.createdAt.slice(0, 19),
    );
    const second = await api.start();
    expect([second.id, first.id].sort()).toEqual([first.id, second.id]);
  });
});

describe('a spec that cannot run', () => {
  it('is refused with the path of each fault and what was meant', async () => {
    const problem = await refused({
      kind: 'backup',
      source: { connection: 'crm', stream: ['contacts'] },
      sink: { connection: 'vault', prefix: '../up' },
      options: { compression: 'zst' },
    });
    expect(problem.code).toBe('spec_invalid');
    expect(problem.errors).toEqual([
      { path: 'source.stream', message: 'unknown key; did you mean streams? allowed: connection, streams' },
      { path: 'sink.prefix', message: expect.stringContaining('letters, digits') },
      {
        path: 'options.compression',
        message: 'not an allowed value; did you mean zstd? allowed: zstd, gzip, none',
      },
    ]);
  });

  it.each([
    ['0%', 'a share of more than 0% and at most 100%, such as "10%" or "0.5%"'],
    ['abc', 'a share of more than 0% and at most 100%, such as "10%" or "0.5%"'],
    ['150%', 'a share of more than 0% and at most 100%, such as "10%" or "0.5%"'],
  ])('is refused for a sample of %s, with what is allowed', async (sample, message) => {
    const problem = await refused({ ...VERIFY, options: { sample } });
    expect(problem).toMatchObject({ code: 'spec_invalid', errors: [{ path: 'options.sample', message }] });
  });

  it('is refused for a sample beside a comparison', async () => {
    const options = { sample: '10%', against: { connection: 'crm' } };
    const message = 'cannot be given beside `options.against`, which compares every record';
    expect(await refused({ ...VERIFY, options })).toMatchObject({
      code: 'spec_invalid',
      errors: [{ path: 'options.sample', message }],
    });
  });

  it('is refused for a kind there is not, and for a body that is no object', async () => {
    expect(await refused({ kind: 'bakcup' })).toMatchObject({
      code: 'spec_invalid',
      errors: [
        {
          path: 'kind',
          message:
            'not an allowed value; did you mean backup? allowed: backup, verify, restore, export, copy',
        },
      ],
    });
    expect((await refused([])).code).toBe('spec_invalid');
    expect((await refused('null')).code).toBe('spec_invalid');
  });

  it('is refused for a connection there is not', async () => {
    expect(await refused({ ...BACKUP, source: { connection: 'crn' } })).toMatchObject({
      code: 'connection_unknown',
      errors: [
        { path: 'source.connection', message: 'no such connection; did you mean crm? there are: crm, main' },
      ],
    });
  });

  it('is refused for a connection that cannot do it', async () => {
    expect(await refused({ ...BACKUP, sink: { connection: 'main' } })).toMatchObject({
      code: 'connection_unsuitable',
      errors: [{ path: 'sink.connection' }],
    });
    expect(await refused({ ...BACKUP, source: { connection: 'vault' } })).toMatchObject({
      code: 'connection_unsuitable',
      errors: [{ path: 'source.connection' }],
    });
    expect((await refused({ ...VERIFY, source: { connection: 'crm', archive: 'a' } })).code).toBe(
      'connection_unsuitable',
    );
  });

  it('is refused for a copy between connections that hold no objects', async () => {
    const copy = (sink: string) =>
      refused({ kind: 'copy', source: { connection: 'crm' }, sink: { connection: sink } });
    const message = expect.stringContaining('holds no objects') as string;
    expect(await copy('main')).toMatchObject({
      code: 'connection_unsuitable',
      errors: [
        { path: 'source.connection', message },
        { path: 'sink.connection', message },
      ],
    });
    expect(await copy('vault')).toMatchObject({ code: 'connection_unsuitable' });
  });

  it('is refused for a stream that the config does not have, and not for a table that only the database knows', async () => {
    expect(
      await refused({ ...BACKUP, source: { connection: 'crm', streams: ['orders', 'contact'] } }),
    ).toMatchObject({
      code: 'stream_unknown',
      errors: [
        {
          path: 'source.streams.1',
          message: 'no such stream; did you mean contacts? there are: contacts, orders',
        },
      ],
    });
    await api.start({ ...BACKUP, source: { connection: 'main', streams: ['public.any'] } });
  });

  it.each([
    [
      'keys without their stream',
      { source: { keys: { from: [1] } } },
      ['source.keys', 'picks records of one stream'],
    ],
    [
      'keys of two streams',
      { source: { keys: { from: [1] }, streams: ['a', 'b'] } },
      ['source.keys', 'picks records of one stream'],
    ],
    [
      'keys beside rejects',
      { source: { keys: { to: ['x'] }, streams: ['a'], rejectsOf: 'job-1' } },
      ['source.keys', 'beside `source.rejectsOf`'],
    ],
    [
      'keys that are no list',
      { source: { keys: { from: 1 }, streams: ['a'] } },
      ['source.keys.from', 'expected array'],
    ],
    [
      'a remap without a field',
      { options: { remap: { contacts: 'accounts.id' } } },
      ['options.remap.contacts', 'STREAM.FIELD'],
    ],
    [
      'a remap to no field',
      { options: { remap: { 'contacts.account': 'accounts' } } },
      ['options.remap.contacts.account', 'STREAM.FIELD'],
    ],
    [
      'a remap to a stream that is left out',
      { source: { streams: ['contacts'] }, options: { remap: { 'contacts.account': 'accounts.id' } } },
      ['options.remap.contacts.account', 'accounts.id is of a stream that is not restored'],
    ],
    ['an unknown mode', { sink: { mode: 'replace' } }, ['sink.mode', 'allowed: insert, upsert']],
    ['too few rejects', { options: { rejects: { max: -1 } } }, ['options.rejects.max', '>=0']],
  ])('is refused beside the field: %s', async (_, changes, [path, message]) => {
    const { source, sink, options } = changes as Record<string, object>;
    const problem = await refused({
      kind: 'restore',
      source: { connection: 'vault', archive: 'a', ...source },
      sink: { connection: 'main', ...sink },
      ...(options && { options }),
    });
    expect(problem.code).toBe('spec_invalid');
    expect(problem.errors).toEqual([{ path, message: expect.stringContaining(message ?? '') }]);
  });

  it('is refused for a base of what are no objects', async () => {
    expect(await refused({ ...BACKUP, options: { base: 'nightly/a' } })).toMatchObject({
      code: 'base_unsuitable',
      errors: [{ path: 'options.base' }],
    });
  });

  it('is refused for a comparison with what cannot be compared', async () => {
    const against = (other: object, streams?: string[]) =>
      refused({
        ...VERIFY,
        source: { ...VERIFY.source, ...(streams && { streams }) },
        options: { against: other },
      });
    const connection = { path: 'options.against.connection' };
    expect(await against({ connection: 'vault' })).toMatchObject({
      code: 'connection_unsuitable',
      errors: [connection],
    });
    expect(await against({ connection: 'crm', archive: 'b' })).toMatchObject({
      code: 'connection_unsuitable',
      errors: [connection],
    });
    expect(await against({ connection: 'crn' })).toMatchObject({
      code: 'connection_unknown',
      errors: [connection],
    });
    expect(await against({ connection: 'crm' }, ['contact'])).toMatchObject({
      code: 'stream_unknown',
      errors: [{ path: 'source.streams.0', message: expect.stringContaining('did you mean contacts?') }],
    });
  });

  it('is refused for Parquet that is to be packed once more', async () => {
    const problem = await refused({
      kind: 'export',
      source: { connection: 'crm' },
      sink: { connection: 'vault' },
      options: { format: 'parquet', compression: 'gzip' },
    });
    expect(problem.errors).toEqual([
      { path: 'options.compression', message: expect.stringContaining('leave it out') },
    ]);
  });

  it('is refused for an export from or to what cannot do it', async () => {
    const body = (source: object, sink = 'vault') => ({
      kind: 'export',
      source,
      sink: { connection: sink },
      options: { format: 'csv' },
    });
    expect(await refused(body({ connection: 'vault' }))).toMatchObject({
      errors: [{ path: 'source.connection' }],
    });
    expect(await refused(body({ connection: 'crm', archive: 'a' }))).toMatchObject({
      errors: [{ path: 'source.connection' }],
    });
    expect(await refused(body({ connection: 'crm' }, 'main'))).toMatchObject({
      errors: [{ path: 'sink.connection' }],
    });
    const { options: _, ...noFormat } = body({ connection: 'crm' });
    expect(await refused(noFormat)).toMatchObject({ errors: [{ path: 'options' }] });
    await api.start(body({ connection: 'vault', archive: 'a' }));
  });

  it('is not refused for a retry of rejects that only a worker can look for', async () => {
    const source = { connection: 'vault', archive: 'a', rejectsOf: 'nobody-knows' };
    const job = await api.start({ kind: 'restore', source, sink: { connection: 'main' } });
    expect(job.source).toEqual(source);
  });

  it('is refused with one code for many kinds of fault', async () => {
    const problem = await refused({ ...BACKUP, source: { connection: 'nope' }, sink: { connection: 'crm' } });
    expect(problem.code).toBe('spec_invalid');
    expect(problem.errors).toHaveLength(2);
  });
});

describe('a body that cannot be read', () => {
  it.each([
    ['broken JSON', '{"kind":', {}, 400],
    ['an empty body', '', {}, 400],
    ['another content type', 'kind=backup', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [
      'plain text, which a foreign page may send',
      JSON.stringify(BACKUP),
      { 'content-type': 'text/plain' },
      415,
    ],
    ['a body of a megabyte', JSON.stringify({ ...BACKUP, pad: 'x'.repeat(1_000_000) }), {}, 413],
  ])('is refused: %s', async (_, body, headers, status) => {
    const answer = await api.post<Problem>('/v1/jobs', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe('request_invalid');
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': `order 4711 ${Math.E}` };

  it('gives the same job for the same body, however it is written, and also after the job has ended', async () => {
    const first = await api.post('/v1/jobs', BACKUP, key);
    const reordered = { sink: BACKUP.sink, source: BACKUP.source, kind: BACKUP.kind };
    const second = await api.post('/v1/jobs', JSON.stringify(reordered, null, 2), key);
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);

    await api.temporal.client.workflow.getHandle(first.body.id).terminate();
    const third = await api.post('/v1/jobs', BACKUP, key);
    expect(third).toMatchObject({ status: 202, body: { id: first.body.id, state: 'failed' } });
  });

  it('is refused for another body, also after the job has ended', async () => {
    const other = await api.post<Problem>('/v1/jobs', VERIFY, key);
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  it('gives one job to many requests at once', async () => {
    const headers = { 'idempotency-key': 'at once' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.post('/v1/jobs', BACKUP, headers)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  });

  it('is refused when it is empty or longer than 255', async () => {
    for (const bad of ['', 'x'.repeat(256)]) {
      const { status, body } = await api.post<Problem>('/v1/jobs', BACKUP, { 'idempotency-key': bad });
      expect([status, body.code, body.errors?.[0]?.path]).toEqual([
        400,
        'request_invalid',
        'idempotency-key',
      ]);
    }
  });
});

describe('showing a job', () => {
  it('says that there is none of that id, nor any workflow that is no job', async () => {
    await api.temporal.client.workflow.start('checkConnection', {
      workflowId: 'check',
      taskQueue: 'longhaul',
    });
    for (const id of ['none', 'check', 'x'.repeat(2_000)]) {
      const { status, body } = await api.get<Problem>(`/v1/jobs/${id}`);
      expect([status, body.code]).toEqual([404, 'job_unknown']);
    }
  });

  it('shows one that was terminated in Temporal as failed', async () => {
    const { id } = await api.start();
    await api.temporal.client.workflow.getHandle(id).terminate();
    const { body: job } = await api.get(`/v1/jobs/${id}`);
    expect(job).toMatchObject({ state: 'failed', error: { code: 'job_terminated' } });
    expect(job.endedAt).not.toBeNull();
  });
});

describe('the list of jobs', () => {
  let own: TestApi;
  let jobs: Job[];
  const page = async (query: string): Promise<Page> => (await own.get<Page>(`/v1/jobs?${query}`)).body;

  /** Twelve jobs; every third is terminated in reverse, so that the order of ends is not that of starts. */
  beforeAll(async () => {
    own = await openApi();
    jobs = [];
    for (let i = 0; i < 12; i++) {
      const spec = i % 4 === 0 ? VERIFY : { ...BACKUP, options: { tenant: `Ünïon 100% (${i % 2})` } };
      jobs.unshift(await own.start(spec));
    }
    for (const { id } of jobs.filter((_, i) => i % 3 === 0)) {
      await own.temporal.client.workflow.getHandle(id).terminate();
    }
    await until('all are listed as they are', async () => (await page('state=failed')).jobs.length === 4);
    await until('all are listed', async () => (await page('')).jobs.length === 12);
  });
  afterAll(() => own.close());

  it('has the newest first, whether they run or have ended', async () => {
    const { jobs: listed, next } = await page('');
    expect(ids(listed)).toEqual(ids(jobs));
    expect(next).toBeNull();
    expect(listed.map(({ state }) => state)).toEqual(jobs.map((_, i) => (i % 3 === 0 ? 'failed' : 'queued')));
  });

  it.each([1, 2, 5, 11])('comes in pages of %i with nothing lost or twice', async (limit) => {
    const listed: Job[] = [];
    let cursor = '';
    do {
      const { jobs: some, next } = await page(`limit=${limit}${cursor}`);
      expect(some.length).toBeLessThanOrEqual(limit);
      listed.push(...some);
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
    expect(ids(listed)).toEqual(ids(jobs));
  });

  it('keeps its place when jobs are added meanwhile', async () => {
    const { next } = await page('limit=6');
    const late = await own.start();
    await until('the new one is listed', async () => (await page('limit=1')).jobs[0]?.id === late.id);
    const { jobs: rest } = await page(`limit=6&cursor=${encodeURIComponent(next ?? '')}`);
    expect(ids(rest)).toEqual(ids(jobs).slice(6));
    await own.temporal.client.workflow.getHandle(late.id).terminate();
    jobs.unshift(late);
    await until('it is listed as ended', async () => (await page('state=failed')).jobs.length === 5);
  });

  it('can be filtered by each word', async () => {
    const kinds = jobs.filter(({ kind }) => kind === 'verify');
    expect(ids((await page('kind=verify')).jobs)).toEqual(ids(kinds));
    expect(ids((await page('source=vault')).jobs)).toEqual(ids(kinds));
    expect((await page('sink=vault')).jobs).toHaveLength(10);
    expect((await page('state=failed')).jobs).toHaveLength(5);
    expect((await page('state=queued')).jobs).toHaveLength(8);
    expect((await page('state=running')).jobs).toEqual([]);
    expect((await page('source=nope')).jobs).toEqual([]);
  });

  it('takes a filter as text, and refuses what Temporal could read as a query', async () => {
    expect((await page(tenant('Ünïon 100% (1)'))).jobs).toHaveLength(6);
    expect((await page(tenant('%'))).jobs).toEqual([]);
    for (const name of ["x' OR JobKind = 'backup", 'x" OR ""="', 'x\\']) {
      const { status, body } = await own.get<Problem>(`/v1/jobs?${tenant(name)}`);
      expect([status, body.errors?.[0]?.path]).toEqual([400, 'tenant']);
    }
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=x', 'limit'],
    ['kind=backups', 'kind'],
    ['state=done', 'state'],
    ['colour=red', ''],
    ['cursor=nonsense', undefined],
  ])('refuses %s by name', async (query, path) => {
    const { status, body } = await own.get<Problem>(`/v1/jobs?${query}`);
    expect([status, body.code, body.errors?.[0]?.path]).toEqual([400, 'request_invalid', path]);
  });
});
