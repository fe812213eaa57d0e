// An archive of a database comes back through a running Longhaul: by the command line, over killed workers, after failures.
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { JobSpec } from '../../src/core/spec.js';
import { copyOut } from '../support/copy-out.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance, type Problem } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill, start } from '../support/processes.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const BIN = fileURLToPath(new URL('../../bin/longhaul.mjs', import.meta.url));
const ROWS = 40_000;

/** `plain` has no key: a row that came twice would stay unnoticed by the target. */
const MAKE = `
  CREATE TABLE people (id integer PRIMARY KEY, note text NOT NULL);
  CREATE TABLE plain (id integer, person integer REFERENCES people, note text);`;
const FILL = `
  INSERT INTO people SELECT i, repeat('n', 150) || i FROM generate_series(1, ${ROWS}) i;
  INSERT INTO plain SELECT i, i, repeat('p', 150) || i FROM generate_series(1, ${ROWS}) i;`;
/** Lets a row stand in the midst of its batch for as long as the test holds the lock. */
const STANDING = `
  CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END';
  CREATE TRIGGER stand BEFORE INSERT ON people FOR EACH ROW WHEN (NEW.id % 3000 = 1500) EXECUTE FUNCTION stand();
  CREATE TRIGGER stand BEFORE INSERT ON plain FOR EACH ROW WHEN (NEW.id % 3000 = 1500) EXECUTE FUNCTION stand();`;

let postgres: TestPostgres;
let api: FakeApi;
let longhaul: LonghaulInstance;
let archive: string;
/** Databases of the connections: each test writes into its own. */
const urls: Record<string, string> = {};

beforeAll(async () => {
  postgres = await startPostgres();
  await sql(postgres.url, MAKE + FILL);
  for (const name of ['made', 'killed', 'cancelled', 'retried', 'empty'])
    urls[name] = await postgres.database();
  api = await startFakeApi({ records: { contacts: someRecords(10) } });
  const database = (url: string) => ({ type: 'postgres', url });
  longhaul = await startLonghaul({
    connections: {
      api: api.connection('json_link', { pageSize: 5 }),
      source: database(postgres.url),
      ...Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, database(url)])),
    },
  });
  const job = await longhaul.run({
    kind: 'backup',
    source: { connection: 'source' },
    sink: { connection: 'vault' },
  });
  archive = job.archive!.replace(/^vault\//, '');
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await postgres?.close();
  await api?.close();
}, 60_000);

test('the command line restores into an empty database, and says what it wrote', async () => {
  const args = ['restore', `vault/${archive}`, '--to', 'made', '--create', '--wait', '--data-dir', 'data'];
  const env = { ...process.env, LONGHAUL_API: '' };
  const command = start(process.execPath, [BIN, ...args], { env, cwd: longhaul.folder });
  await until('the command ends', () => command.ended() !== undefined);
  expect([command.ended(), command.stderr()]).toEqual([0, expect.any(String)]);
  expect(command.stdout()).toMatch(/completed[^]*records +80,000[^]*archive +vault\/backup-source/);
  await expectSame('made');
});

describe('a worker', { timeout: START_TIMEOUT_MS }, () => {
  test('killed with SIGKILL again and again, in the midst of a batch, loses no row and doubles none', async () => {
    await sql(urls['killed']!, MAKE + STANDING);
    const barrier = await barrierOn(urls['killed']!);
    await barrier.shut();
    const job = await longhaul.post(restore('killed'));
    let committed = -1;
    for (let kills = 0; kills < 5; kills += 1) {
      const standing = await barrier.standing();
      const [worker] = await longhaul.workerPids();
      await kill(worker!);
      const before = committed;
      committed = await recordsIn('killed');
      expect([standing > 0, committed > before]).toEqual([true, true]);
      await barrier.letThrough(() => recordsIn('killed'), committed);
    }
    await barrier.open();
    const ended = await longhaul.ended(job.id);
    expect(ended).toMatchObject({ state: 'completed', result: { records: 2 * ROWS } });
    await expectSame('killed');
  });
});

test('a cancelled job leaves the rows it committed, and no position', async () => {
  await sql(urls['cancelled']!, MAKE + STANDING);
  const barrier = await barrierOn(urls['cancelled']!);
  await barrier.shut();
  const job = await longhaul.post(restore('cancelled'));
  await barrier.standing();
  await longhaul.steer(job.id, 'cancel');
  await barrier.open();
  expect((await longhaul.ended(job.id)).state).toBe('cancelled');
  const [jobs] = await sql(
    urls['cancelled']!,
    'SELECT count(*) FROM longhaul.jobs WHERE ended_at IS NOT NULL',
  );
  const [positions] = await sql(urls['cancelled']!, 'SELECT count(*) FROM longhaul.positions');
  expect([jobs, positions]).toEqual([{ count: '1' }, { count: '0' }]);
});

test('a job that met a row of the same key goes on where it stood when that row is gone', async () => {
  await sql(urls['retried']!, `${MAKE} INSERT INTO people VALUES (${ROWS}, 'in the way')`);
  const failed = await longhaul.run(restore('retried', { lanes: 1 }), 'failed');
  expect(failed.error).toMatchObject({ code: 'restore_conflict', stream: 'people' });
  await sql(urls['retried']!, `DELETE FROM people WHERE note = 'in the way'`);
  const retried = await longhaul.retried(failed);
  expect(retried.result?.records).toBe(2 * ROWS);
  await expectSame('retried');
});

describe('a restore that cannot be', () => {
  test('is refused with 422 where its sink takes no rows, or its source holds no archives', async () => {
    const refused = async (sink: string, source: string) => {
      const spec = { ...restore(sink), source: { connection: source, archive } };
      const { status, body } = await longhaul.call<Problem>('POST', '/v1/jobs', spec);
      return [status, body.code];
    };
    expect(await refused('vault', 'vault')).toEqual([422, 'connection_unsuitable']);
    expect(await refused('made', 'source')).toEqual([422, 'connection_unsuitable']);
  });

  test('ends with connection_unsuitable for an archive of JSON lines', async () => {
    const backup = await longhaul.run({
      kind: 'backup',
      source: { connection: 'api' },
      sink: { connection: 'vault' },
    });
    const spec = restore('empty', {}, backup.archive!.replace(/^vault\//, ''));
    const failed = await longhaul.run(spec, 'failed');
    expect(failed.error).toMatchObject({
      code: 'connection_unsuitable',
      message: expect.stringContaining('stream contacts') as string,
    });
  });

  test('ends with archive_missing and table_missing, each by its name', async () => {
    const missing = await longhaul.run(restore('empty', {}, 'nowhere'), 'failed');
    expect(missing.error?.code).toBe('archive_missing');
    const failed = await longhaul.run(restore('empty'), 'failed');
    expect(failed.error).toMatchObject({
      code: 'table_missing',
      message: 'connection empty: there is no table people',
    });
  });
});

function restore(connection: string, options: object = {}, from = archive): JobSpec {
  const source = { connection: 'vault', archive: from };
  return { kind: 'restore', source, sink: { connection }, options: { checkpoint: { pages: 1 }, ...options } };
}

async function expectSame(name: string): Promise<void> {
  for (const table of ['people', 'plain']) {
    const [there, here] = [await copyOut(urls[name]!, table, 'id'), await copyOut(postgres.url, table, 'id')];
    expect([table, there.equals(here)]).toEqual([table, true]);
  }
}

/** Committed rows, as the target says. */
async function recordsIn(name: string): Promise<number> {
  const [row] = await sql(
    urls[name]!,
    'SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM plain) AS count',
  );
  return Number(row!['count']);
}

/** The lock that rows of the target stand at. */
async function barrierOn(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const waiting = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted`;
  const standing = async (): Promise<number> =>
    until(
      'a row stands in its batch',
      async () => Number((await sql(url, waiting))[0]!['count']) || undefined,
    );
  const open = () => client.query('SELECT pg_advisory_unlock(42)');
  const shut = () => client.query('SELECT pg_advisory_lock(42)');
  return {
    shut,
    standing,
    open,
    /** Opens until more rows are committed, then shuts again. */
    async letThrough(rows: () => Promise<number>, before: number) {
      await open();
      await until('the job goes on', async () => (await rows()) > before);
      await shut();
    },
  };
}
