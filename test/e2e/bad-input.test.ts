// What goes wrong outside: each fault ends the job with its named error, and what was finished is kept for `retry`.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.js';
import type { ErrorCode } from '../../src/core/errors.js';
import type { Job } from '../../src/core/job.js';
import type { BackupSpec } from '../../src/core/spec.js';
import { readArchive, recordsIn } from '../support/archive-reader.js';
import { startFakeApi } from '../support/fake-api.js';
import type { FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul } from '../support/harness.js';
import type { LonghaulInstance, Problem } from '../support/harness.js';
import { LASTING, PASSING } from '../support/source-troubles.js';
import { sql, startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { cannotMount, mountSmallDisk } from '../support/small-disk.js';
import type { SmallDisk } from '../support/small-disk.js';

const noMount = await cannotMount();
const PAGE = 5;
const RECORDS = Array.from({ length: 10 * PAGE }, (_, index) => `{"id":${index},"v":1.10}`);
/** The first record of the page that goes wrong. */
const BAD = 6 * PAGE;
/** Where the pages from there on begin. */
const REST = [BAD, BAD + PAGE, BAD + 2 * PAGE, BAD + 3 * PAGE];
const LARGE = Array.from({ length: 100 }, () => `{"noise":"${randomBytes(15_000).toString('hex')}"}`);
const LEDGER = 400_000;

let api: FakeApi;
let guarded: FakeApi;
let postgres: TestPostgres;
let disk: SmallDisk | undefined;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  const names = [...LASTING.map(({ stream }) => stream), 'good', 'passing', 'spent'];
  const records = Object.fromEntries(names.map((name) => [name, RECORDS]));
  api = await startFakeApi({ records: { ...records, large: LARGE } });
  guarded = await startFakeApi({
    records: { renewed: RECORDS, relogged: RECORDS, lapsed: RECORDS },
    token: 'of another age',
  });
  postgres = await startPostgres();
  disk = noMount === null ? await mountSmallDisk('size=1m') : undefined;
  longhaul = await startLonghaul({ connections: connections() });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await disk?.unmount();
  await postgres?.close();
  await guarded?.close();
  await api?.close();
}, 60_000);

function connections() {
  const client = {
    type: 'oauth2_client_credentials',
    tokenUrl: `${guarded.url}/oauth/token`,
    clientId: 'client',
    clientSecret: 'secret',
  } as const;
  return {
    api: api.connection('cursor', { pageSize: PAGE }),
    renewing: guarded.connection('cursor', { pageSize: PAGE, auth: client }),
    login: guarded.connection('header_cursor', {
      pageSize: PAGE,
      auth: { type: 'login', loginUrl: '/login', body: { name: 'client', password: 'secret' } },
    }),
    spent: api.connection('json_link', { pageSize: PAGE }),
    database: { type: 'postgres', url: postgres.url },
    ...(disk && { disk: { type: 'file', path: disk.folder } }),
  };
}

describe.concurrent('a source that', () => {
  test.for(LASTING.map((trouble) => [trouble.does, trouble.code, trouble] as const))(
    '%s ends the job with %s, and retry goes on where it stopped',
    async ([, code, trouble]) => {
      const { stream } = trouble;
      const fault = trouble.strikes(api.addFault(stream).at(BAD)).always();
      const failed = await longhaul.run(backupOf(stream), 'failed');
      expect(failed.error).toEqual(namedError(code, stream));
      expect(await isSealed(failed)).toBe(false);
      expect(fault.fired).toBe(attemptsFor(code));
      fault.times(0);
      const finished = api.served(stream).length;
      expect(await recordsOf(await longhaul.retried(failed), stream)).toEqual(RECORDS);
      expect(startsAfter(api, stream, finished)).toEqual(REST);
    },
  );

  test('gives one bad answer among good ones is asked again, and the fault is forgotten', async () => {
    const faults = PASSING.map((strikes, index) => strikes(api.addFault('passing').at((index + 1) * PAGE)));
    const job = await longhaul.run(backupOf('passing'));
    expect(faults.map(({ fired }) => fired)).toEqual(PASSING.map(() => 1));
    expect(job.error).toBeNull();
    expect(job.progress.retries).toBe(PASSING.length);
    expect(await recordsOf(job, 'passing')).toEqual(RECORDS);
  });
});

describe('a token that can be renewed', () => {
  test.for([
    ['of OAuth', 'renewed', 'renewing'],
    ['of a login', 'relogged', 'login'],
  ] as const)('%s is renewed when it is refused, and the job goes on', async ([, stream, connection]) => {
    const before = guarded.tokensGiven();
    guarded.addFault(stream).at(BAD).expireToken();
    const job = await longhaul.run(backupOf(stream, connection));
    guarded.assertAllFaultsFired();
    expect(guarded.tokensGiven() - before).toBe(2);
    expect(await recordsOf(job, stream)).toEqual(RECORDS);
  });

  test('is not renewed for ever: the job ends with unauthorized, and retry goes on', async () => {
    const fault = guarded.addFault('lapsed').at(BAD).status(401).always();
    const failed = await longhaul.run(backupOf('lapsed', 'renewing'), 'failed');
    expect(failed.error).toEqual(namedError('unauthorized', 'lapsed'));
    expect(fault.fired).toBe(2);
    fault.times(0);
    const finished = guarded.served('lapsed').length;
    expect(await recordsOf(await longhaul.retried(failed), 'lapsed')).toEqual(RECORDS);
    expect(startsAfter(guarded, 'lapsed', finished)).toEqual(REST);
  });
});

test('an answer that says that nothing is left for an hour makes the job wait, with no request refused', async () => {
  api.addFault('spent').after(1).headers({ ratelimit: '"default";r=0;t=3600' });
  const asked = Date.now();
  const job = await longhaul.run(backupOf('spent', 'spent'), 'waiting');
  expect(Date.parse(job.progress.waitingUntil!)).toBeGreaterThan(asked + 3_500_000);
  expect(job.progress).toMatchObject({ records: 2 * PAGE, retries: 0 });
  expect(api.requests.filter(({ stream }) => stream === 'spent').map(({ status }) => status)).toEqual([
    200, 200,
  ]);
  await longhaul.steer(job.id, 'cancel');
  expect((await longhaul.ended(job.id)).state).toBe('cancelled');
});

describe('a spec', () => {
  test('that names an unknown connection is refused, with the names there are', async () => {
    const answer = await longhaul.call<Problem>('POST', '/v1/jobs', backupOf('good', 'nowhere'));
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('connection_unknown');
  });

  test('that names an unknown stream of a REST API is refused, with the names there are', async () => {
    const answer = await longhaul.call<Problem>('POST', '/v1/jobs', backupOf('godo'));
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('stream_unknown');
    expect(JSON.stringify(answer.body)).toContain('did you mean good?');
  });

  test('that names an unknown table ends with stream_unknown', async () => {
    const failed = await longhaul.run(backupOf('no_such_table', 'database'), 'failed');
    expect(failed.error).toMatchObject({ code: 'stream_unknown', hint: ERRORS.stream_unknown.hint });
    expect(failed.error?.message).toContain('no_such_table');
  });

  test('that names the id of an archive there is ends with archive_exists, and leaves that as it is', async () => {
    const sink = { connection: 'vault', archive: 'taken' };
    const first = await longhaul.run({ ...backupOf('good'), sink });
    const second = await longhaul.run({ ...backupOf('passing'), sink }, 'failed');
    expect(second.error).toMatchObject({ code: 'archive_exists', hint: ERRORS.archive_exists.hint });
    expect((await readArchive(longhaul.archiveOf(first))).manifest.job).toBe(first.id);
    expect(await recordsOf(first, 'good')).toEqual(RECORDS);
  });
});

describe('a table', () => {
  test('dropped in mid-run ends the job with table_missing; brought back, retry finishes it', async () => {
    await sql(postgres.url, 'CREATE TABLE ledger (id bigint PRIMARY KEY, note text)');
    await sql(
      postgres.url,
      `INSERT INTO ledger SELECT i, repeat('x', 300) FROM generate_series(1, ${LEDGER}) i`,
    );
    const { id } = await longhaul.post(
      backupOf('ledger', 'database', { pageSize: 1_000, checkpoint: { pages: 5 }, lanes: 1 }),
    );
    await longhaul.waitFor(id, 'it has records', (job) => job.progress.records > 0);
    await longhaul.steer(id, 'pause');
    const paused = await longhaul.waitFor(id, 'it is paused', (job) => job.state === 'paused');
    expect(paused.progress.records).toBeLessThan(LEDGER);
    await sql(postgres.url, 'ALTER TABLE ledger RENAME TO ledger_away');
    await longhaul.steer(id, 'resume');
    const failed = await longhaul.waitFor(id, 'it fails', (job) => job.state === 'failed');
    expect(failed.error).toEqual(namedError('table_missing', 'ledger'));
    await sql(postgres.url, 'ALTER TABLE ledger_away RENAME TO ledger');
    const job = await longhaul.retried(failed);
    expect(job.result?.records).toBe(LEDGER);
    expect(job.progress.records).toBe(LEDGER);
    expect(job.error).toBeNull();
  });
});

describe('a disk', () => {
  test('that is full ends the job with disk_full; with room on it, retry goes on', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    const failed = await longhaul.run({ ...backupOf('large'), sink: { connection: 'disk' } }, 'failed');
    expect(failed.error).toMatchObject({ code: 'disk_full', hint: ERRORS.disk_full.hint });
    const { records: kept } = failed.progress;
    expect(kept).toBeGreaterThan(0);
    await disk!.remount('size=64m');
    const finished = api.served('large').length;
    const job = await longhaul.retried(failed);
    expect(await recordsOf(job, 'large', disk!.folder)).toEqual(LARGE);
    expect(startsAfter(api, 'large', finished)[0]).toBe(kept);
  });

  test('that is read-only ends the job with sink_unwritable; writable again, retry goes on', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    await disk!.remount('ro');
    const failed = await longhaul.run({ ...backupOf('good'), sink: { connection: 'disk' } }, 'failed');
    expect(failed.error).toMatchObject({ code: 'sink_unwritable', hint: ERRORS.sink_unwritable.hint });
    await disk!.remount('rw');
    expect(await recordsOf(await longhaul.retried(failed), 'good', disk!.folder)).toEqual(RECORDS);
  });
});

function backupOf(stream: string, connection = 'api', options: BackupSpec['options'] = {}): BackupSpec {
  return {
    kind: 'backup',
    source: { connection, streams: [stream] },
    sink: { connection: 'vault', prefix: 'bad-input' },
    options: { checkpoint: { pages: 1 }, ...options },
  };
}

/** How often a request is made that always fails so. */
function attemptsFor(code: ErrorCode): number {
  const { reaction } = ERRORS[code];
  if (reaction === 'unauthorized') return 2;
  return reaction === 'transient' ? (ERRORS[code] as { attempts: number }).attempts : 1;
}

/** Where the pages begin that were asked for after the first so many. */
function startsAfter(server: FakeApi, stream: string, pages: number): number[] {
  return server
    .served(stream)
    .slice(pages)
    .map(({ start }) => start);
}

/** The code, its cause in words, and what to do. */
function namedError(code: ErrorCode, stream: string): object {
  const text = expect.stringMatching(/\w{3}/) as unknown;
  return expect.objectContaining({ code, stream, message: text, hint: text }) as object;
}

async function isSealed(job: Job): Promise<boolean> {
  const files = await readdir(longhaul.archiveOf(job)).catch((): string[] => []);
  return files.includes('manifest.json');
}

async function recordsOf(job: Job, stream: string, root?: string): Promise<string[]> {
  return recordsIn(longhaul.archiveOf(job, root), stream);
}
