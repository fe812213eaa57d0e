// What goes wrong outside: each fault ends the job with its named error, and what was finished is kept for `retry`.
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.js';
import type { ErrorCode } from '../../src/core/errors.js';
import type { Job } from '../../src/core/job.js';
import type { BackupSpec } from '../../src/core/spec.js';
import { readArchive } from '../support/archive-reader.js';
import { START_TIMEOUT_MS, startLonghaul } from '../support/harness.js';
import type { LonghaulInstance, Problem } from '../support/harness.js';
import { sql, startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { startRawApi } from '../support/raw-api.js';
import type { RawApi, Spoil } from '../support/raw-api.js';
import { cannotMount, mountSmallDisk } from '../support/small-disk.js';
import type { SmallDisk } from '../support/small-disk.js';

const noMount = await cannotMount();
const PAGES = 10;
const BAD_PAGE = 6;
const RECORDS = Array.from({ length: PAGES * 5 }, (_, index) => `{"id":${index},"v":1.10}`);
const GOOD_PAGES = Array.from({ length: BAD_PAGE }, (_, page) => page);

const html: Spoil = () => ({ type: 'text/html', body: '<!doctype html><title>Sign in</title>' });
const refusal = (status: number): Spoil => {
  return () => ({ status, body: '{"error":"no"}' });
};
const truncated: Spoil = (good) => ({ body: good.slice(0, -9) });
const brokenOff: Spoil = (good) => ({ body: good.slice(0, -9), cut: true });
const invalid: Spoil = (good) => ({ body: good.replace(':', '=') });
const elsewhere: Spoil = (good) => ({ body: good.replace('"data"', '"items"') });
const sameCursor: Spoil = (good, cursor) => ({
  body: good.replace(/"next":.*\}/, `"next":${JSON.stringify(cursor)}}`),
});
const circle: Spoil = (good) => ({ body: good.replace(/"next":.*\}/, '"next":"page 4"}') });

/** Faults that last: what the source does, and the error that the job ends with. */
const LASTING: readonly { stream: string; does: string; spoil: Spoil; code: ErrorCode }[] = [
  { stream: 'html', does: 'answers HTML with status 200', spoil: html, code: 'response_not_json' },
  { stream: 'truncated', does: 'answers truncated JSON', spoil: truncated, code: 'response_invalid' },
  { stream: 'invalid', does: 'answers invalid JSON', spoil: invalid, code: 'response_invalid' },
  { stream: 'elsewhere', does: 'has no records at the path', spoil: elsewhere, code: 'records_missing' },
  { stream: 'repeated', does: 'repeats its own cursor', spoil: sameCursor, code: 'cursor_repeated' },
  { stream: 'circle', does: 'goes round in a circle', spoil: circle, code: 'cursor_repeated' },
  { stream: 'expired', does: 'takes the token no more', spoil: refusal(401), code: 'unauthorized' },
  { stream: 'forbidden', does: 'forbids the stream', spoil: refusal(403), code: 'source_forbidden' },
  { stream: 'removed', does: 'knows the path no more', spoil: refusal(404), code: 'source_not_found' },
  { stream: 'refused', does: 'refuses the request', spoil: refusal(400), code: 'source_refused' },
];
const PASSING = [html, truncated, brokenOff, invalid, elsewhere, refusal(500), refusal(503)];

let api: RawApi;
let postgres: TestPostgres;
let disk: SmallDisk | undefined;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  api = await startRawApi();
  postgres = await startPostgres();
  disk = noMount === null ? await mountSmallDisk('size=1m') : undefined;
  const names = [...LASTING.map(({ stream }) => stream), 'good', 'passing', 'large'];
  for (const name of names) api.serve(name, RECORDS, 5);
  const rest = api.connection(Object.fromEntries(names.map((name) => [name, {}])));
  const client = {
    type: 'oauth2_client_credentials',
    tokenUrl: api.tokenUrl,
    clientId: 'a',
    clientSecret: 'b',
  };
  longhaul = await startLonghaul({
    connections: {
      api: { ...rest, auth: { type: 'bearer', token: 'once-good' } },
      renewing: { ...api.connection({ renewed: {}, lapsed: {} }), auth: client },
      database: { type: 'postgres', url: postgres.url },
      ...(disk && { disk: { type: 'file', path: disk.folder } }),
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await disk?.unmount();
  await postgres?.close();
  await api?.stop();
}, 60_000);

describe.concurrent('a source that', () => {
  test.for(LASTING)('$does ends the job with $code, and retry goes on where it stopped', async (fault) => {
    const { stream, code } = fault;
    const trouble = api.spoil(stream, BAD_PAGE, fault.spoil);
    const failed = await longhaul.run(backupOf(stream), 'failed');
    expect(failed.error).toEqual(namedError(code, stream));
    expect(await isSealed(failed)).toBe(false);
    expect(trouble.struck()).toBe(ERRORS[code].reaction === 'transient' ? 4 : 1);
    trouble.cure();
    const job = await retried(failed);
    expect(await recordsOf(job, stream)).toEqual(RECORDS);
    expect(api.asked(stream).filter((page) => page < BAD_PAGE)).toEqual(GOOD_PAGES);
  });

  test('gives one bad answer among good ones is asked again, and the fault is forgotten', async () => {
    const troubles = PASSING.map((spoil, index) => api.spoil('passing', index + 1, spoil, 1));
    const job = await longhaul.run(backupOf('passing'));
    expect(troubles.map(({ struck }) => struck())).toEqual(PASSING.map(() => 1));
    expect(job.error).toBeNull();
    expect(job.progress.retries).toBeGreaterThanOrEqual(PASSING.length);
    expect(await recordsOf(job, 'passing')).toEqual(RECORDS);
  });
});

describe('a token that can be renewed', () => {
  test('is renewed once when it is refused, and the job goes on', async () => {
    api.serve('renewed', RECORDS, 5);
    const trouble = api.spoil('renewed', BAD_PAGE, refusal(401), 1);
    const before = api.tokens();
    const job = await longhaul.run(backupOf('renewed', 'renewing'));
    expect(trouble.struck()).toBe(1);
    expect(api.tokens() - before).toBeLessThanOrEqual(2);
    expect(await recordsOf(job, 'renewed')).toEqual(RECORDS);
  });

  test('is not renewed for ever: the job ends with unauthorized', async () => {
    api.serve('lapsed', RECORDS, 5);
    const trouble = api.spoil('lapsed', BAD_PAGE, refusal(401));
    const failed = await longhaul.run(backupOf('lapsed', 'renewing'), 'failed');
    expect(failed.error).toEqual(namedError('unauthorized', 'lapsed'));
    expect(trouble.struck()).toBe(2);
    trouble.cure();
    expect(await recordsOf(await retried(failed), 'lapsed')).toEqual(RECORDS);
  });
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
    const { id } = await longhaul.post(backupOf('ledger', 'database', { pageSize: 1_000, lanes: 1 }));
    await longhaul.waitFor(id, 'it has records', (job) => job.progress.records > 0);
    await longhaul.steer(id, 'pause');
    const paused = await longhaul.waitFor(id, 'it is paused', (job) => job.state === 'paused');
    expect(paused.progress.records).toBeLessThan(LEDGER);
    await sql(postgres.url, 'ALTER TABLE ledger RENAME TO ledger_away');
    await longhaul.steer(id, 'resume');
    const failed = await longhaul.waitFor(id, 'it fails', (job) => job.state === 'failed');
    expect(failed.error).toEqual(namedError('table_missing', 'ledger'));
    await sql(postgres.url, 'ALTER TABLE ledger_away RENAME TO ledger');
    const job = await retried(failed);
    expect(job.result?.records).toBe(LEDGER);
    expect(job.progress.records).toBe(LEDGER);
  });
});
const LEDGER = 600_000;

describe('a disk', () => {
  test('that is full ends the job with disk_full; with room on it, retry goes on', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    const records = Array.from({ length: 40 }, () => `{"noise":"${randomBytes(30_000).toString('hex')}"}`);
    api.serve('large', records, 1);
    const failed = await longhaul.run({ ...backupOf('large'), sink: { connection: 'disk' } }, 'failed');
    expect(failed.error).toMatchObject({ code: 'disk_full', hint: ERRORS.disk_full.hint });
    await disk!.remount('size=64m');
    const job = await retried(failed);
    expect(await recordsOf(job, 'large', disk!.folder)).toEqual(records);
    const kept = failed.progress.pages;
    expect(kept).toBeGreaterThan(0);
    expect(api.asked('large').filter((page) => page < kept)).toHaveLength(kept);
  });

  test('that is read-only ends the job with sink_unwritable; writable again, retry goes on', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    await disk!.remount('ro');
    const failed = await longhaul.run({ ...backupOf('good'), sink: { connection: 'disk' } }, 'failed');
    expect(failed.error).toMatchObject({ code: 'sink_unwritable', hint: ERRORS.sink_unwritable.hint });
    await disk!.remount('rw');
    expect(await recordsOf(await retried(failed), 'good', disk!.folder)).toEqual(RECORDS);
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

async function retried({ id }: Job): Promise<Job> {
  await longhaul.steer(id, 'retry');
  const job = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');
  expect(job.error).toBeNull();
  return job;
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

async function recordsOf(job: Job, stream: string, root = longhaul.vault): Promise<string[]> {
  const [, ...place] = job.archive!.split('/');
  const archive = await readArchive(path.join(root, ...place));
  const records: string[] = [];
  for await (const record of archive.lines(stream)) records.push(record);
  return records;
}
