// Secrets and records are planted wherever a job could pick them up, everything that can fail does, and then nothing of them
// is in the logs, in what the API answers, or in Temporal's histories.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import type { Fault } from '../support/fake-faults.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { jobHistory } from '../support/job-history.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';

/** Begins everything that must not be found. */
const PLANTED = 'planted';
const SECRETS = {
  TOKEN: `${PLANTED}-token`,
  HEADER: `${PLANTED}-header`,
  QUERY_KEY: `${PLANTED}-query-key`,
  CLIENT_SECRET: `${PLANTED}-client-secret`,
  PASSWORD: `${PLANTED}-password`,
};
const RECORD = `{"id":1,"note":"${PLANTED}-record"}`;

/** What a source does to a stream, and with what the job ends. */
const TROUBLES: Readonly<Record<string, readonly [strike: (fault: Fault) => Fault, code: string]>> = {
  html: [
    (f) => f.body(`<html>${PLANTED}-record</html>`, { 'content-type': 'text/html' }),
    'response_not_json',
  ],
  cut: [(f) => f.body(`{"data":[${RECORD},{"id"`), 'response_invalid'],
  broken: [(f) => f.body(`{"data":[${RECORD}} ${PLANTED}-record`), 'response_invalid'],
  elsewhere: [(f) => f.body(`{"items":[${RECORD}]}`), 'records_missing'],
  circle: [(f) => f.members({ next: `"${PLANTED}-cursor"` }), 'cursor_repeated'],
  refused: [(f) => f.status(400), 'source_refused'],
  forbidden: [(f) => f.status(403), 'source_forbidden'],
  lapsed: [(f) => f.status(401), 'unauthorized'],
  moved: [
    (f) => f.redirect(`http://user:${PLANTED}-password@127.0.0.1:1/?key=${PLANTED}-query-key`),
    'source_refused',
  ],
};

let api: FakeApi;
let postgres: TestPostgres;
let longhaul: LonghaulInstance;
const answers: unknown[] = [];
const jobs: Job[] = [];

beforeAll(async () => {
  const streams = [...Object.keys(TROUBLES), 'good'];
  api = await startFakeApi({
    records: Object.fromEntries(streams.map((name) => [name, [RECORD]])),
    token: SECRETS.TOKEN,
  });
  for (const [stream, [strike]] of Object.entries(TROUBLES)) strike(api.addFault(stream)).always();
  postgres = await startPostgres();
  longhaul = await startLonghaul({ connections: connections(), env: SECRETS });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await postgres?.close();
  await api?.close();
}, 60_000);

function connections() {
  const crm = api.connection('cursor', {
    auth: { type: 'bearer', token: '${TOKEN}' },
    headers: { 'x-own': '${HEADER}' },
  });
  const locked = new URL(postgres.url);
  locked.password = 'PASSWORD';
  const away = 'postgres://user:${PASSWORD}@127.0.0.1:1/db';
  return {
    crm,
    wrong: { ...crm, auth: { type: 'api_key', key: '${QUERY_KEY}', name: 'key', in: 'query' } },
    basic: { ...crm, auth: { type: 'basic', username: 'user', password: '${PASSWORD}' } },
    oauth: {
      ...crm,
      auth: {
        type: 'oauth2_client_credentials',
        tokenUrl: `${api.url}/oauth/token`,
        clientId: 'client',
        clientSecret: '${CLIENT_SECRET}',
      },
    },
    login: {
      ...crm,
      auth: { type: 'login', loginUrl: '/login', body: { name: 'client', password: '${PASSWORD}' } },
    },
    gone: { ...crm, baseUrl: 'http://127.0.0.1:1/?key=${QUERY_KEY}' },
    main: { type: 'postgres', url: postgres.url },
    locked: { type: 'postgres', url: locked.href.replace('PASSWORD', '${PASSWORD}') },
    away: { type: 'postgres', url: away },
  };
}

const backup = (connection: string, stream?: string): JobSpec => ({
  kind: 'backup',
  source: { connection, ...(stream && { streams: [stream] }) },
  sink: { connection: 'vault' },
});

async function run(spec: JobSpec): Promise<Job> {
  const job = await longhaul.ended((await longhaul.post(spec)).id);
  jobs.push(job);
  return job;
}

async function answer(method: string, target: string, body?: unknown): Promise<void> {
  answers.push((await longhaul.call(method, target, body)).body);
}

/** All texts and bytes in an event, as text. */
function textsIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(textsIn).join('\n');
}

function linesWith(text: string): string[] {
  return text.split('\n').filter((line) => line.includes(PLANTED));
}

test('jobs fail in every way, on secrets and records that were planted', { timeout: 240_000 }, async () => {
  const troubled = Object.entries(TROUBLES).map(async ([stream, [, code]]) => {
    const { state, error } = await run(backup('crm', stream));
    expect([stream, state]).toEqual([stream, 'failed']);
    expect(error).toMatchObject({ code });
  });
  const unlet = ['wrong', 'basic', 'oauth', 'login', 'gone', 'locked', 'away'].map(async (name) => {
    await answer('POST', `/v1/connections/${name}/check`);
    const job = await run(backup(name, name === 'locked' || name === 'away' ? undefined : 'good'));
    expect([name, job.state]).toEqual([name, 'failed']);
  });
  await Promise.all([...troubled, ...unlet]);
});

test('records are refused by the target that they are restored into', { timeout: 120_000 }, async () => {
  await sql(
    postgres.url,
    `CREATE TABLE good (id integer PRIMARY KEY, note text UNIQUE);
     INSERT INTO good VALUES (2, '${PLANTED}-record');`,
  );
  const { archive } = await run(backup('crm', 'good'));
  const restore = {
    kind: 'restore',
    source: { connection: 'vault', archive: archive!.slice('vault/'.length) },
    sink: { connection: 'main' },
  } as const;
  const changes = [
    'SELECT 1',
    'DELETE FROM good; ALTER TABLE good ADD CHECK (length(note) < 3)',
    'ALTER TABLE good DROP CONSTRAINT good_note_check; ALTER TABLE good ALTER note TYPE uuid USING NULL',
    `ALTER TABLE good ALTER note TYPE text;
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not %', NEW.note; END$$;
     CREATE TRIGGER refuse BEFORE INSERT ON good FOR EACH ROW EXECUTE FUNCTION refuse()`,
  ];
  const seen: unknown[] = [];
  for (const change of changes) {
    await sql(postgres.url, change);
    const { error } = await run(restore);
    const { id } = await run({ ...restore, options: { rejects: { max: 10 } } });
    const { body } = await longhaul.call('GET', `/v1/jobs/${id}/rejects`);
    seen.push([error?.code, JSON.stringify(body).includes(PLANTED)]);
  }
  // What was refused is beside the data, with its record, and shown to whoever asks for it.
  expect(seen).toEqual([
    ['restore_conflict', true],
    ['record_refused', true],
    ['record_refused', true],
    ['record_refused', true],
  ]);
});

test('the API answers without them', async () => {
  await answer('GET', '/v1/jobs?limit=100');
  await answer('GET', '/v1/connections');
  await answer('GET', '/v1/queue');
  await answer('POST', '/v1/jobs', { kind: 'backup', source: { connection: `${PLANTED}-text` } });
  await answer('POST', '/v1/jobs', `${PLANTED}-text`);
  await answer('POST', '/v1/session', { key: `${PLANTED}-key` });
  for (const { id } of jobs) await answer('GET', `/v1/jobs/${id}`);
  expect(jobs.length).toBeGreaterThan(20);
  expect(linesWith(answers.map((each) => JSON.stringify(each)).join('\n'))).toEqual([]);
});

test('the logs say what happened to which job, stream and partition, without them', async () => {
  const data = path.join(longhaul.folder, 'data');
  const logs = (await readdir(data, { recursive: true })).filter((file) =>
    /(api|worker-\d+|temporal)\.log$/.test(file),
  );
  expect(logs.length).toBe(3);
  const texts = await Promise.all(logs.map((file) => readFile(path.join(data, file), 'utf8')));
  const { launcher } = longhaul;
  expect(linesWith([...texts, launcher.stdout(), launcher.stderr()].join('\n'))).toEqual([]);
  const lines = texts
    .join('\n')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const good = jobs.find(({ state }) => state === 'completed')!;
  for (const msg of ['chunk begins', 'chunk ends'])
    expect(lines).toContainEqual(
      expect.objectContaining({ msg, job: good.id, stream: 'good', partition: '0' }),
    );
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'audit', what: 'POST /v1/jobs', job: good.id }),
  );
});

test('Temporal holds none of them, but for cursors', async () => {
  for (const { id } of jobs) {
    const { runs } = await jobHistory(longhaul.temporal, id);
    const found = linesWith(textsIn(runs)).filter((line) => !line.includes(`${PLANTED}-cursor`));
    expect([id, found]).toEqual([id, []]);
  }
});
