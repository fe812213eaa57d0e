// An archive of a database comes back through a running Longhaul: by the command line, over killed workers, after failures.
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { JobSpec } from '../../src/core/spec.js';
import { copyOut } from '../support/copy-out.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance, type Problem } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill, portsOf, start } from '../support/processes.js';
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
/** Lets rows stand in the midst of their batches for as long as the test holds the locks, one for each of them. */
const STANDING = `
  CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(NEW.id + TG_ARGV[0]::integer); RETURN NEW; END';
  CREATE TRIGGER stand BEFORE INSERT ON people FOR EACH ROW WHEN (NEW.id % 3000 = 1500) EXECUTE FUNCTION stand(0);
  CREATE TRIGGER stand BEFORE INSERT ON plain FOR EACH ROW WHEN (NEW.id % 3000 = 1500) EXECUTE FUNCTION stand(${ROWS});`;
const STOPS = `generate_series(1500, ${2 * ROWS}, 500)`;

const CONTACTS = Array.from({ length: 10 }, (_, id) => `{"id":${id},"name":"n ${id}"}`);

let postgres: TestPostgres;
let api: FakeApi;
let longhaul: LonghaulInstance;
let archive: string;
/** Databases of the connections: each test writes into its own. */
const urls: Record<string, string> = {};

beforeAll(async () => {
  // a session whose client is gone ends, even while it waits
  postgres = await startPostgres({ client_connection_check_interval: '100ms' });
  await sql(postgres.url, MAKE + FILL);
  for (const name of ['made', 'killed', 'cancelled', 'retried', 'refusing', 'empty'])
    urls[name] = await postgres.database();
  api = await startFakeApi({ records: { contacts: CONTACTS } });
  const database = (url: string) => ({ type: 'postgres', url });
  longhaul = await startLonghaul({
    workers: 2,
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
  test.skipIf(process.platform !== 'linux')(
    'killed with SIGKILL ten times, in the midst of a batch, loses no row and doubles none',
    async () => {
      await sql(urls['killed']!, MAKE + STANDING);
      const barrier = await barrierOn(urls['killed']!);
      const job = await longhaul.post(restore('killed'));
      for (let kills = 0; kills < 10; kills += 1) {
        const rows = await barrier.standing();
        const row = rows[Math.floor(Math.random() * rows.length)]!;
        const worker = await workerOf(row.port);
        await kill(worker.pid);
        await until('its sessions are gone', async () => !(await barrier.standsFor(worker.ports)));
        await barrier.letThrough(row);
      }
      expect((await longhaul.show(job.id)).state).toBe('running');
      await barrier.open();
      const ended = await longhaul.ended(job.id);
      expect(ended).toMatchObject({ state: 'completed', result: { records: 2 * ROWS } });
      await expectSame('killed');
    },
  );
});

test('a cancelled job leaves the rows it committed, and no position', async () => {
  await sql(urls['cancelled']!, MAKE + STANDING);
  const barrier = await barrierOn(urls['cancelled']!);
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

test('records of a REST API become rows', async () => {
  const backup = await longhaul.run({
    kind: 'backup',
    source: { connection: 'api' },
    sink: { connection: 'vault' },
  });
  const spec = restore('empty', {}, backup.archive!.replace(/^vault\//, ''), { create: true });
  expect((await longhaul.run(spec)).result?.records).toBe(10);
  const [row] = await sql(urls['empty']!, 'SELECT count(*), count(DISTINCT id) AS ids FROM contacts');
  expect(row).toEqual({ count: '10', ids: '10' });
});

test('what the target refuses is set aside, and the rest is there', async () => {
  await sql(
    urls['refusing']!,
    `${MAKE} INSERT INTO people VALUES (7, 'mine'); ALTER TABLE plain ADD CHECK (id <> 20000)`,
  );
  const job = await longhaul.run(restore('refusing', { rejects: { max: 2 } }));
  expect([job.result?.records, job.progress.rejects]).toEqual([2 * ROWS - 2, 2]);
  const [rows] = await sql(
    urls['refusing']!,
    `SELECT (SELECT count(*) FROM people) AS people, (SELECT count(*) FROM plain) AS plain,
       (SELECT note FROM people WHERE id = 7) AS seven`,
  );
  expect(rows).toEqual({ people: String(ROWS), plain: String(ROWS - 1), seven: 'mine' });
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

function restore(connection: string, options: object = {}, from = archive, sink: object = {}): JobSpec {
  const source = { connection: 'vault', archive: from };
  return {
    kind: 'restore',
    source,
    sink: { connection, ...sink },
    options: { checkpoint: { pages: 1 }, ...options },
  };
}

async function expectSame(name: string): Promise<void> {
  for (const table of ['people', 'plain']) {
    const [there, here] = [await copyOut(urls[name]!, table, 'id'), await copyOut(postgres.url, table, 'id')];
    expect([table, there.equals(here)]).toEqual([table, true]);
  }
}

/** The worker that a session of the target belongs to, by the port that it came from. */
async function workerOf(port: number): Promise<{ pid: number; ports: readonly number[] }> {
  for (const pid of await longhaul.workerPids()) {
    const ports = await portsOf(pid);
    if (ports.includes(port)) return { pid, ports };
  }
  throw new Error(`no worker has the port ${port}`);
}

interface StandingRow {
  readonly lock: number;
  readonly port: number;
}

/** The locks that rows of the target stand at: shut from the beginning. */
async function barrierOn(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`SELECT pg_advisory_lock(stop) FROM ${STOPS} stop`);
  const look = async () =>
    (await sql(
      url,
      `SELECT l.objid::int AS lock, a.client_port AS port
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.classid = 0 AND NOT l.granted AND a.datname = current_database()`,
    )) as unknown as StandingRow[];
  return {
    standing: () =>
      until('a row stands in its batch', async () => {
        const rows = await look();
        return rows.length > 0 ? rows : undefined;
      }),
    standsFor: async (ports: readonly number[]) => (await look()).some(({ port }) => ports.includes(port)),
    letThrough: ({ lock }: StandingRow) => client.query('SELECT pg_advisory_unlock($1)', [lock]),
    open: () => client.query('SELECT pg_advisory_unlock_all()'),
  };
}
