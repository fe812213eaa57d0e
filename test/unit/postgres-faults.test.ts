// A database that fails, changes or vanishes under a reader: the error has its name, and nothing is held on to.
import { createServer, type Server } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresConnection } from '../../src/config/postgres.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import type { Page, Partition } from '../../src/core/connector.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import {
  collect,
  partitionsOf,
  readPages,
  recordsOfAll,
  streamNamed,
  testContext,
} from '../support/reading.js';
import { until } from '../support/until.js';

let server: TestPostgres;
beforeAll(async () => void (server = await startPostgres({ max_connections: '40' })));
afterAll(() => server.close());

// 60 MB as CSV: far more than sockets and buffers between the server and a reader hold
const LARGE = `CREATE TABLE t (id int PRIMARY KEY, pad text);
  INSERT INTO t SELECT g, repeat('x', 2000) FROM generate_series(1, 30000) g; ANALYZE t`;
const SMALL = `CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t SELECT g, 'n' FROM generate_series(1, 100) g`;

describe('a server that goes away in the middle of a page', () => {
  test('is source_unreachable, and the rest is there when it is back', async () => {
    const url = await databaseWith(LARGE);
    const { partition, first, failing } = await begin(url, () => server.kill());
    await expect(failing).rejects.toMatchObject({ code: 'source_unreachable' });
    await server.start();
    const rest = await readPages(open(url), 't', partition, first.next);
    expect(recordsOfAll([first, ...rest])).toHaveLength(30_000);
  });

  test('is source_unreachable when an administrator ends the session', async () => {
    const url = await databaseWith(LARGE);
    const { failing } = await begin(url, () => ending(url));
    await expect(failing).rejects.toMatchObject({ code: 'source_unreachable' });
  });

  test('is source_timeout when an administrator cancels the query', async () => {
    const url = await databaseWith(LARGE);
    const { failing } = await begin(url, () =>
      sql(url, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${OURS}`),
    );
    await expect(failing).rejects.toMatchObject({ code: 'source_timeout' });
  });
});

describe('a server that cannot be used', () => {
  test('is source_unreachable where nobody listens, and the password is not told', async () => {
    const checking = check('postgres://me:secret@127.0.0.1:1/db');
    await expect(checking).rejects.toMatchObject({ code: 'source_unreachable' });
    await expect(checking).rejects.toSatisfy((error) => !inspected(error).includes('secret'));
  });

  test('is source_timeout where it accepts and stays silent', async () => {
    const silent = await listen();
    const checking = check(`postgres://me@127.0.0.1:${silent.port}/db`, { timeoutSeconds: 0.2 });
    await expect(checking).rejects.toMatchObject({ code: 'source_timeout' });
    silent.server.close();
  });

  test('is unauthorized with a wrong password, and with none', async () => {
    for (const password of [':wrong', '']) {
      const url = server.url.replace(/:[^:@/]+@/, `${password}@`);
      await expect(check(url)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });

  test('is database_error where the database does not exist', async () => {
    await expect(check(server.url.replace(/[^/]+$/, 'nowhere'))).rejects.toMatchObject({
      code: 'database_error',
      message: expect.stringContaining('nowhere') as string,
    });
  });

  test('is config_invalid where its URL is none, without the URL', async () => {
    const checking = check('postgres://me:se%cret@host:port/db');
    await expect(checking).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(checking).rejects.toSatisfy((error) => !inspected(error).includes('cret'));
  });

  test('is source_unavailable while it has no connection left', async () => {
    const url = await databaseWith(SMALL);
    const role = await makeRole(url, 'crowded', 'CONNECTION LIMIT 0');
    await expect(check(role)).rejects.toMatchObject({ code: 'source_unavailable' });
  });

  test('tells version, database and readable tables where it can', async () => {
    const url = await databaseWith(`${SMALL}; CREATE TABLE hidden (id int)`);
    const role = await makeRole(url, 'reader', '', 'GRANT SELECT ON t TO reader');
    await expect(check(role)).resolves.toMatch(
      /^PostgreSQL 18\S*.*, database test_\w+, 1 of 2 tables readable$/,
    );
  });
});

describe('a table that changes under the job', () => {
  test.each([
    ['a column is added', 'ALTER TABLE t ADD more int', 'table_changed'],
    ['a column is dropped', 'ALTER TABLE t DROP note', 'table_changed'],
    ['a column gets another type', 'ALTER TABLE t ALTER note TYPE varchar(9)', 'table_changed'],
    ['the key becomes another', 'ALTER TABLE t DROP CONSTRAINT t_pkey', 'table_changed'],
    ['it is dropped', 'DROP TABLE t', 'table_missing'],
    ['it is renamed', 'ALTER TABLE t RENAME TO u', 'table_missing'],
  ])('is named between two chunks when %s', async (_, statement, code) => {
    const url = await databaseWith(SMALL);
    const [partition] = await partitionsOf(open(url), 't', 1);
    await sql(url, statement);
    await expect(readPages(open(url), 't', partition!)).rejects.toMatchObject({ code });
  });

  test('is read on where only rows and indexes change', async () => {
    const url = await databaseWith(SMALL);
    const [partition] = await partitionsOf(open(url), 't', 1);
    await sql(url, 'CREATE INDEX ON t (note); DELETE FROM t WHERE id > 50');
    expect(recordsOfAll(await readPages(open(url), 't', partition!))).toHaveLength(50);
  });

  test('cannot be altered while a page of it is on its way', async () => {
    const url = await databaseWith(LARGE);
    const [partition] = await partitionsOf(open(url), 't', 1);
    const reading = open(url).read(testContext(), 't', partition!, null)[Symbol.asyncIterator]();
    await reading.next();
    const altering = sql(url, "SET lock_timeout = '50ms'; ALTER TABLE t ADD more int");
    await expect(altering).rejects.toMatchObject({ code: '55P03' });
    await reading.return?.();
  });

  test('is source_timeout while another session keeps it locked', async () => {
    const url = await databaseWith(SMALL);
    const [partition] = await partitionsOf(open(url), 't', 1);
    const unlock = await lock(url, 't');
    const reading = readPages(open(url, { timeoutSeconds: 0.4 }), 't', partition!);
    await expect(reading).rejects.toMatchObject({
      code: 'source_timeout',
      hint: expect.stringContaining('lock') as string,
    });
    await unlock();
  });
});

describe('a role that may not read', () => {
  test('a table is permission_denied, with the name of the table', async () => {
    const url = await databaseWith(SMALL);
    const role = await makeRole(url, 'stranger');
    await expect(streamNamed(open(role), 't')).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('table t') as string,
    });
  });

  test('all rows of a table is permission_denied, rather than given some of them', async () => {
    const url = await databaseWith(`${SMALL}; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      CREATE POLICY few ON t USING (id < 10)`);
    const role = await makeRole(url, 'limited', '', 'GRANT SELECT ON t TO limited');
    await expect(streamNamed(open(role), 't')).rejects.toMatchObject({
      code: 'permission_denied',
      hint: expect.stringContaining('BYPASSRLS') as string,
    });
  });
});

describe('sessions', () => {
  test('do nothing more at the server when a reader leaves early, is aborted, or its source is closed', async () => {
    const url = await databaseWith(LARGE);
    const [partition] = await partitionsOf(open(url), 't', 1);
    const leave = open(url).read(testContext(), 't', partition!, null)[Symbol.asyncIterator]();
    await leave.next();
    await leave.return?.();
    const aborted = testContext((ctx) => ctx.abort());
    await collect(open(url).read(aborted, 't', partition!, null)).catch(() => {});
    const source = open(url);
    await source.read(testContext(), 't', partition!, null)[Symbol.asyncIterator]().next();
    expect(await ours(url, BUSY)).toBeGreaterThan(0);
    await source.close();
    await until('no session of ours is busy', async () => (await ours(url, BUSY)) === 0);
  });

  test('are no more than the concurrency of the connection, over all its sources', async () => {
    const url = await databaseWith(SMALL);
    const connection = connect(url, { limits: { concurrency: 2 } });
    const [partition] = await partitionsOf(connection.source!({}), 't', 1);
    let most = 0;
    const readOne = async () => {
      for await (const _ of connection.source!({}).read(testContext(), 't', partition!, null)) {
        most = Math.max(most, await ours(url));
      }
    };
    await Promise.all(Array.from({ length: 6 }, readOne));
    expect(most).toBe(2);
  });

  test('are not held while a stream is looked at, so that one is enough to plan and read', async () => {
    const url = await databaseWith(`${SMALL}; CREATE TABLE u (id int PRIMARY KEY)`);
    const source = connect(url, { limits: { concurrency: 1 } }).source!({});
    const planned = [];
    for await (const stream of source.streams(testContext())) {
      const [partition] = await collect(source.partitions(testContext(), stream, 4));
      planned.push(recordsOfAll(await readPages(source, stream.name, partition!)).length);
    }
    expect(planned).toEqual([100, 0]);
  });

  test('see one state of the table from the first page to the last', async () => {
    const url = await databaseWith(LARGE);
    const [partition] = await partitionsOf(open(url), 't', 1);
    const reading = open(url).read(testContext(), 't', partition!, null)[Symbol.asyncIterator]();
    const first = (await reading.next()).value as Page;
    await sql(url, 'DELETE FROM t WHERE id > 20000');
    let records = first.records;
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
      records += next.value.records;
    }
    expect(records).toBe(30_000);
  });
});

const OURS = `application_name = 'longhaul' AND datname = current_database()`;

const BUSY = `AND state <> 'idle'`;

const connect = (url: string, config: Partial<PostgresConnection> = {}) =>
  createPostgresConnection('main', { ...config, type: 'postgres', url });

const open = (url: string, config?: Partial<PostgresConnection>) => connect(url, config).source!({});

const check = (url: string, config?: Partial<PostgresConnection>) =>
  connect(url, config).check(testContext());

async function databaseWith(statements: string): Promise<string> {
  const url = await server.database();
  await sql(url, statements);
  return url;
}

interface Begun {
  readonly partition: Partition;
  readonly first: Page;
  /** The rest of the reading, which the fault hits. */
  readonly failing: Promise<unknown>;
}

/** Takes one page of `t`, lets the fault happen while the COPY streams on, and reads on. */
async function begin(url: string, fault: () => Promise<unknown>): Promise<Begun> {
  const [partition] = await partitionsOf(open(url), 't', 1);
  const pages = open(url).read(testContext(), 't', partition!, null);
  const reading = pages[Symbol.asyncIterator]();
  const first = (await reading.next()).value as Page;
  expect(await ours(url, `AND state = 'active' AND query LIKE 'COPY%'`)).toBe(1);
  await fault();
  const failing = collect({ [Symbol.asyncIterator]: () => reading });
  failing.catch(() => {});
  return { partition: partition!, first, failing };
}

async function ours(url: string, and = ''): Promise<number> {
  const [row] = await sql(url, `SELECT count(*)::int AS n FROM pg_stat_activity WHERE ${OURS} ${and}`);
  return Number(row?.n);
}

const ending = (url: string) =>
  sql(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`);

async function makeRole(url: string, name: string, options = '', grant = 'SELECT 1'): Promise<string> {
  await sql(url, `CREATE ROLE ${name} LOGIN PASSWORD 'pw' ${options}`);
  await sql(url, grant);
  return url.replace(/\/\/[^@]+@/, `//${name}:pw@`);
}

async function lock(url: string, table: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  return () => client.end();
}

async function listen(): Promise<{ server: Server; port: number }> {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server: silent, port: address.port };
}

/** All that a log could show of an error. */
function inspected(error: unknown): string {
  const { message, stack, cause, hint } = error as Error & { hint: string };
  return [message, stack, String(cause), JSON.stringify(cause), hint].join('\n');
}
