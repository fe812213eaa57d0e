// What was backed up comes back: tables made anew, tables that are there, rows that are there.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { copyOut } from '../support/copy-out.js';
import { NASTY_TABLES, TABLES } from '../support/nasty-tables.js';
import { RELATED, RELATED_ROWS, relatedTables } from '../support/related-tables.js';
import { archiveOf, restoreInto, type DatabaseArchive } from '../support/restoring.js';

let server: TestPostgres;
beforeAll(async () => void (server = await startPostgres()));
afterAll(() => server.close());

describe('tables of every type', () => {
  test('come back as they were into an empty database', async () => {
    await sql(server.url, NASTY_TABLES);
    const archive = await archiveOf(server.url);
    const url = await server.database();
    const summary = await restoreInto(url, archive, { create: true });
    expect(await rowsOf(url, TABLES)).toEqual(await rowsOf(server.url, TABLES));
    expect(summary.records).toBeGreaterThan(12_000);
    const after = await archiveOf(url);
    expect(await streamsOf(after)).toEqual(await streamsOf(archive));
    await Promise.all([archive.dispose(), after.dispose()]);
  });
});

describe('tables that refer to each other', () => {
  let source: string;
  let archive: DatabaseArchive;
  beforeAll(async () => {
    source = await server.database();
    await sql(source, relatedTables({ circles: true }));
    await sql(source, RELATED_ROWS);
    archive = await archiveOf(source);
  });
  afterAll(() => archive.dispose());

  test('are made with their rows first, then indexes and foreign keys, circles too', async () => {
    const url = await server.database();
    const summary = await restoreInto(url, archive, { create: true, policy: { pages: 2 } });
    expect(summary).toEqual({
      records: 18_500,
      bytes: expect.any(Number) as number,
      storedBytes: 0,
      segments: 0,
    });
    expect(await rowsOf(url, RELATED)).toEqual(await rowsOf(source, RELATED));
    const after = await archiveOf(url);
    expect(await streamsOf(after)).toEqual(await streamsOf(archive));
    await after.dispose();
  });

  test('are sequenced on after the highest value', async () => {
    const url = await server.database();
    await restoreInto(url, archive, { create: true });
    const [order] = await sql(url, 'INSERT INTO shop.orders (person) VALUES (1) RETURNING id');
    const [item] = await sql(url, 'INSERT INTO a_items (order_id) VALUES (1) RETURNING id');
    expect([order, item]).toEqual([{ id: '6001' }, { id: 9001 }]);
  });

  test('are filled in the order of their foreign keys where they are there', async () => {
    const url = await databaseWith(relatedTables({ circles: false }));
    await restoreInto(url, archive, { policy: { pages: 2 } });
    expect(await rowsOf(url, RELATED)).toEqual(await rowsOf(source, RELATED));
    const [item] = await sql(url, 'INSERT INTO a_items (order_id) VALUES (1) RETURNING id');
    expect(item).toEqual({ id: 9001 });
  });

  test('get their rows replaced by key, and keep the others', async () => {
    const url = await databaseWith(relatedTables({ circles: false }));
    await sql(
      url,
      `INSERT INTO z_people VALUES (1, 'old', NULL), (99999, 'kept', NULL);
       INSERT INTO shop.orders (id, person, net) OVERRIDING SYSTEM VALUE VALUES (7, 1, 1), (8, 99999, 5);
       INSERT INTO pairs VALUES (1, -1), (7, 7);`,
    );
    await restoreInto(url, archive, { mode: 'upsert', policy: { pages: 2 } });
    await sql(url, 'DELETE FROM pairs WHERE x = y; DELETE FROM z_people WHERE id = 99999');
    expect(await rowsOf(url, RELATED)).toEqual(await rowsOf(source, RELATED));
  });

  test('come back one by one where only some are asked for; a missing partner is noted', async () => {
    const url = await server.database();
    const { notes } = await restoreInto(url, archive, { create: true, streams: ['shop.orders'] });
    expect(notes).toEqual([
      'shop.orders has no constraint orders_person_fkey: public.z_people is not there.',
    ]);
    const orders = RELATED.find(({ stream }) => stream === 'shop.orders');
    expect(await rowsOf(url, [orders!])).toEqual(await rowsOf(source, [orders!]));
  });

  test('leave no position behind, and are no streams of a backup', async () => {
    const url = await server.database();
    await restoreInto(url, archive, { create: true });
    expect(await sql(url, 'SELECT job, ended_at IS NOT NULL AS ended FROM longhaul.jobs')).toEqual([
      { job: 'restore-1', ended: true },
    ]);
    expect(await sql(url, 'SELECT 1 FROM longhaul.positions UNION SELECT 1 FROM longhaul.streams')).toEqual(
      [],
    );
  });
});

describe('a target that cannot take the archive', () => {
  let archive: DatabaseArchive;
  beforeAll(async () => {
    const url = await databaseWith(
      `CREATE TABLE first (id integer PRIMARY KEY, note text);
       INSERT INTO first VALUES (1, 'top secret');
       CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric(10,2));
       INSERT INTO notes SELECT i, 'top secret ' || i, i / 3.0 FROM generate_series(1, 3000) i`,
    );
    archive = await archiveOf(url);
  });
  afterAll(() => archive.dispose());

  const FIRST = 'CREATE TABLE first (id integer PRIMARY KEY, note text);';
  test.for([
    ['table_missing', 'there is no table notes', FIRST],
    ['table_unfit', 'has no column amount', `${FIRST} CREATE TABLE notes (id integer, note text)`],
    [
      'table_unfit',
      'has column amount as numeric(8,1), the archive as numeric(10,2)',
      `${FIRST} CREATE TABLE notes (id integer, note text, amount numeric(8,1))`,
    ],
    [
      'table_unfit',
      'wants a value in column more',
      `${FIRST} CREATE TABLE notes (id integer, note text, amount numeric, more text NOT NULL)`,
    ],
    [
      'table_unfit',
      'generates column note',
      `${FIRST} CREATE TABLE notes (id integer, note text GENERATED ALWAYS AS ('') STORED, amount numeric)`,
    ],
  ] as const)('is %s, %s, before a row is written', async ([code, message, script]) => {
    const url = await databaseWith(script);
    const named = { code, message: expect.stringContaining(message) as string };
    await expect(restoreInto(url, archive)).rejects.toMatchObject(named);
    expect(await sql(url, 'SELECT 1 FROM first')).toEqual([]);
  });

  test('is table_unfit for an upsert without a unique index on the key', async () => {
    const url = await databaseWith(`${FIRST} CREATE TABLE notes (id integer, note text, amount numeric)`);
    const named = {
      code: 'table_unfit',
      message: expect.stringContaining('no unique index on id') as string,
    };
    await expect(restoreInto(url, archive, { mode: 'upsert' })).rejects.toMatchObject(named);
  });

  test('is restore_conflict where a row is there already, and record_refused where a check fails; no record is told', async () => {
    const there = 'CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric);';
    const conflicting = await databaseWith(`${FIRST}${there} INSERT INTO notes VALUES (2900)`);
    const failed = await restoreInto(conflicting, archive).catch((error: unknown) => error);
    expect(failed).toMatchObject({ cause: { code: 'restore_conflict' } });
    const checked = await databaseWith(
      `${FIRST} CREATE TABLE notes (id integer, note varchar, amount numeric, CONSTRAINT few CHECK (id < 2900))`,
    );
    const refused = await restoreInto(checked, archive).catch((error: unknown) => error);
    const message = expect.stringMatching(/notes, constraint few, a check fails/) as string;
    expect(refused).toMatchObject({ cause: { code: 'record_refused', message } });
    expect(String((refused as Error).cause) + String((failed as Error).cause)).not.toContain('secret');
  });

  test('is record_refused where a trigger leaves rows out in silence', async () => {
    const url = await databaseWith(
      `${FIRST} CREATE TABLE notes (id integer, note text, amount numeric);
       CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER skip BEFORE INSERT ON notes FOR EACH ROW WHEN (NEW.id = 17) EXECUTE FUNCTION skip()`,
    );
    await expect(restoreInto(url, archive)).rejects.toMatchObject({
      cause: { code: 'record_refused', message: expect.stringContaining('took 2999 of 3000') as string },
    });
    expect(await sql(url, 'SELECT 1 FROM notes')).toEqual([]);
  });

  test('is sink_unwritable where the database is read-only', async () => {
    const url = await server.database();
    await sql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
    await expect(restoreInto(url, archive, { create: true })).rejects.toMatchObject({
      code: 'sink_unwritable',
      message: 'connection main: the database takes no writes',
    });
  });

  test('is permission_denied where the role may not insert', async () => {
    const url = await databaseWith(
      `${FIRST} CREATE TABLE notes (id integer, note text, amount numeric);
       DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON first, notes TO reader`,
    );
    const reader = new URL(url);
    Object.assign(reader, { username: 'reader', password: 'reader' });
    await expect(restoreInto(reader.href, archive)).rejects.toMatchObject({
      code: 'permission_denied',
      message: 'connection main: no right to INSERT on table first',
    });
  });

  test.for([
    [
      'no right to make TEMPORARY tables',
      `REVOKE TEMPORARY ON DATABASE "DB" FROM PUBLIC; GRANT SELECT ON first, notes TO guest`,
      { rejects: true },
    ],
    ['no right to CREATE the schema longhaul', '', {}],
    [
      'no right to SELECT, UPDATE on table first',
      `GRANT CREATE ON DATABASE "DB" TO guest`,
      { mode: 'upsert' },
    ],
    [
      'permission denied for schema public',
      'GRANT CREATE ON DATABASE "DB" TO guest; DROP TABLE notes',
      { create: true },
    ],
  ] as const)('is permission_denied, %s, and nothing is left there', async ([message, script, options]) => {
    const url = await databaseWith(
      `${FIRST} CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric);
       DO $$ BEGIN CREATE ROLE guest LOGIN PASSWORD 'guest'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
       GRANT INSERT ON first, notes TO guest`,
    );
    await sql(url, script.replace('DB', new URL(url).pathname.slice(1)));
    const guest = Object.assign(new URL(url), { username: 'guest', password: 'guest' });
    await expect(restoreInto(guest.href, archive, options)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining('Grant the role') as string,
    });
    expect(await sql(url, `SELECT to_regnamespace('longhaul') AS own, count(*) AS rows FROM first`)).toEqual([
      { own: null, rows: '0' },
    ]);
  });

  test('is connection_unsuitable for a mapping of ids, which PostgreSQL has no use for', async () => {
    const url = await databaseWith(FIRST);
    const remap = { 'notes.first_id': 'first.id' };
    await expect(restoreInto(url, archive, { create: true, remap })).rejects.toMatchObject({
      code: 'connection_unsuitable',
    });
  });

  test('keeps what came before a damaged segment, and its name is told', async () => {
    const url = await databaseWith(`${FIRST} CREATE TABLE notes (id integer, note text, amount numeric)`);
    const harmed = await archiveOf(await copyOfSource());
    const folder = path.join(harmed.folder, 'notes');
    const segment = (await readdir(folder, { recursive: true })).find((name) => name.endsWith('.zst'));
    const file = path.join(folder, segment!);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(restoreInto(url, harmed)).rejects.toMatchObject({
      cause: { code: 'archive_damaged', message: expect.stringContaining(segment!) as string },
    });
    expect(await sql(url, 'SELECT id FROM first')).toEqual([{ id: 1 }]);
    expect(await sql(url, 'SELECT id FROM notes')).toEqual([]);
    await rm(path.dirname(harmed.folder), { recursive: true });
  });

  async function copyOfSource(): Promise<string> {
    const url = await server.database();
    await restoreInto(url, archive, { create: true });
    await sql(url, 'DROP SCHEMA longhaul CASCADE');
    return url;
  }
});

async function databaseWith(script: string): Promise<string> {
  const url = await server.database();
  await sql(url, script);
  return url;
}

interface TestTable {
  readonly stream: string;
  readonly table: string;
  readonly key: string;
}

async function rowsOf(url: string, tables: readonly TestTable[]): Promise<string[]> {
  return Promise.all(tables.map(async ({ table, key }) => String(await copyOut(url, table, key))));
}

/** What the manifest says of the tables: columns, keys, constraints, indexes, types. */
async function streamsOf(archive: DatabaseArchive): Promise<unknown[]> {
  const manifest = JSON.parse(await readFile(path.join(archive.folder, 'manifest.json'), 'utf8')) as {
    streams: { name: string; key: unknown; records: number; schema: unknown }[];
  };
  return manifest.streams.map(({ name, key, records, schema }) => ({ name, key, records, schema }));
}
