// A restore that may set records aside: what the target refuses is kept with its reason, all others are written once.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import {
  archiveOf,
  archiveOfJson,
  restoreInto,
  setAside,
  type DatabaseArchive,
} from '../support/restoring.js';

let server: TestPostgres;
const archives: DatabaseArchive[] = [];
beforeAll(async () => void (server = await startPostgres()));
afterEach(async () => {
  for (const archive of archives.splice(0)) await archive.dispose();
});
afterAll(() => server.close());

const NOTES = 'CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric(10,2), person integer)';
const ROWS = 6_000;

async function notes(more = ''): Promise<DatabaseArchive> {
  const url = await databaseWith(
    `${NOTES}; INSERT INTO notes SELECT i, 'note, "' || i, i / 4.0, i % 10 FROM generate_series(1, ${ROWS}) i; ${more}`,
  );
  return keep(await archiveOf(url, 1_000));
}

describe('a row that the table refuses', () => {
  test('is set aside alone with its reason, whatever the reason, and all others are written', async () => {
    const archive = await notes(`UPDATE notes SET note = repeat('x', 90) WHERE id = 100;
      UPDATE notes SET note = NULL WHERE id = 200; UPDATE notes SET person = 99 WHERE id = 300`);
    const url = await databaseWith(
      `CREATE TABLE people (id integer PRIMARY KEY); INSERT INTO people SELECT generate_series(0, 9);
       CREATE TABLE notes (id integer PRIMARY KEY, note text NOT NULL CHECK (length(note) < 50), amount numeric(10,2),
         person integer REFERENCES people DEFERRABLE INITIALLY DEFERRED);
       CREATE FUNCTION nay() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN IF NEW.id = 401 THEN RETURN NULL; END IF; RAISE EXCEPTION ''not today, %'', NEW.id; END';
       CREATE TRIGGER nay BEFORE INSERT ON notes FOR EACH ROW WHEN (NEW.id IN (400, 401)) EXECUTE FUNCTION nay();
       INSERT INTO notes VALUES (5000, 'there already')`,
    );
    const summary = await restoreInto(url, archive, { rejects: true });
    expect(summary.records).toBe(ROWS - 6);
    const refused = await setAside(archive);
    expect(refused.map(({ code, record }) => [code, Number(record.split(',')[0])])).toEqual([
      ['record_refused', 100],
      ['record_refused', 200],
      ['record_refused', 300],
      ['record_refused', 400],
      ['record_refused', 401],
      ['restore_conflict', 5000],
    ]);
    expect(refused.map(({ message }) => message)).toEqual([
      expect.stringMatching(/violates check constraint.*Failing row contains \(100, x/),
      expect.stringContaining('null value in column "note"'),
      expect.stringContaining('Key (person)=(99) is not present in table "people"'),
      'not today, 400',
      'table notes took 0 of 1 records: a trigger or rule of the target passes over some',
      'a row with this key is there already',
    ]);
    expect(await counts(url)).toEqual({
      rows: String(ROWS - 5),
      sum: sumOf(ROWS, [100, 200, 300, 400, 401]),
    });
  });

  test('is a value that does not fit its type, too, in a table that takes any text of the archive', async () => {
    const archive = await notes(`UPDATE notes SET amount = 'NaN' WHERE id IN (1, ${ROWS})`);
    const url = await databaseWith(
      `CREATE DOMAIN finite AS numeric(10,2) CHECK (value < 'NaN');
       CREATE TABLE notes (id integer PRIMARY KEY, note varchar, amount numeric, person integer);
       ALTER TABLE notes ADD CHECK (amount::finite IS NOT NULL)`,
    );
    await restoreInto(url, archive, { rejects: true });
    expect((await setAside(archive)).map(({ code }) => code)).toEqual(['record_refused', 'record_refused']);
    expect(await counts(url)).toEqual({ rows: String(ROWS - 2), sum: sumOf(ROWS, [1, ROWS]) });
  });

  test('costs a few batches more, not a statement a row', async () => {
    const archive = await notes();
    const url = await databaseWith(
      `CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric, person integer, CHECK (id <> 3000))`,
    );
    await sql(url, WATCH);
    await restoreInto(url, archive, { rejects: true });
    expect(await statementsIn(url)).toBeLessThan(40);
    expect(await setAside(archive)).toHaveLength(1);
  });
});

describe('keys that are there already', () => {
  test('are set aside in mode insert, however many, and nothing of the target changes', async () => {
    const archive = await notes();
    const url = await databaseWith(
      `${NOTES}; INSERT INTO notes SELECT i, 'mine' FROM generate_series(2, ${ROWS}, 2) i`,
    );
    await sql(url, WATCH);
    const summary = await restoreInto(url, archive, { rejects: true });
    expect(await statementsIn(url)).toBeLessThan(10);
    expect(summary.records).toBe(ROWS / 2);
    const refused = await setAside(archive);
    expect(refused).toHaveLength(ROWS / 2);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['restore_conflict']));
    expect(await sql(url, `SELECT count(*) FROM notes WHERE note = 'mine'`)).toEqual([{ count: '3000' }]);
    expect(await counts(url)).toEqual({ rows: String(ROWS), sum: sumOf(ROWS) });
  });

  test('are found through another unique index, and a partitioned table, as well', async () => {
    const archive = await notes();
    const url = await databaseWith(
      `CREATE TABLE notes (id integer, note text, amount numeric, person integer, PRIMARY KEY (id)) PARTITION BY RANGE (id);
       CREATE TABLE low PARTITION OF notes FOR VALUES FROM (0) TO (3000);
       CREATE TABLE high PARTITION OF notes FOR VALUES FROM (3000) TO (5999);
       CREATE UNIQUE INDEX ON low (note);
       INSERT INTO notes VALUES (7, 'taken'), (0, 'note, "8')`,
    );
    await restoreInto(url, archive, { rejects: true });
    const refused = await setAside(archive);
    expect(refused.map(({ code, record }) => [code, Number(record.split(',')[0])])).toEqual([
      ['record_refused', 5999],
      ['record_refused', 6000],
      ['restore_conflict', 7],
      ['restore_conflict', 8],
    ]);
  });

  test('twice in the archive: the first is written, in mode upsert the last', async () => {
    const records = Array.from({ length: 400 }, (_, i) => `{"id":${i % 350},"n":${i}}`);
    const archive = keep(await archiveOfJson({ things: records }));
    const inserted = await server.database();
    await restoreInto(inserted, archive, { create: true, rejects: true });
    expect(await sql(inserted, 'SELECT count(*), max(n) FROM things')).toEqual([
      { count: '350', max: '349' },
    ]);
    expect((await setAside(archive)).map(({ record }) => record)).toEqual(records.slice(350).sort());
    const upserted = await server.database();
    const summary = await restoreInto(upserted, archive, { create: true, mode: 'upsert' });
    expect(summary.records).toBe(400);
    expect(await sql(upserted, 'SELECT count(*), max(n), min(n) FROM things')).toEqual([
      { count: '350', max: '399', min: '50' },
    ]);
  });

  test('are replaced in mode upsert, and what the table refuses is set aside', async () => {
    const archive = await notes();
    const url = await databaseWith(
      `CREATE TABLE notes (id integer PRIMARY KEY, note text, amount numeric, person integer,
         twice integer GENERATED ALWAYS AS (id * 2) STORED, CHECK (id NOT IN (1, 2, 4444)));
       INSERT INTO notes (id, note) VALUES (10, 'old')`,
    );
    const summary = await restoreInto(url, archive, { mode: 'upsert', rejects: true });
    expect(summary.records).toBe(ROWS - 3);
    expect((await setAside(archive)).map(({ record }) => Number(record.split(',')[0]))).toEqual([1, 2, 4444]);
    expect(await sql(url, 'SELECT note, twice FROM notes WHERE id = 10')).toEqual([
      { note: 'note, "10', twice: 20 },
    ]);
  });
});

test('a restore whose every record is refused writes none of them and ends', async () => {
  const archive = await notes();
  const url = await databaseWith(
    'CREATE TABLE notes (id integer, note text, amount numeric, person integer, CHECK (false))',
  );
  const summary = await restoreInto(url, archive, { rejects: true });
  expect(summary.records).toBe(0);
  expect(await setAside(archive)).toHaveLength(ROWS);
});

/** Counts the statements that write into `notes`. */
const WATCH = `
  CREATE SEQUENCE statements;
  CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''public.statements''); RETURN NULL; END';
  CREATE TRIGGER watch BEFORE INSERT ON notes FOR EACH STATEMENT EXECUTE FUNCTION watch();`;

async function statementsIn(url: string): Promise<number> {
  const [seen] = await sql(url, 'SELECT last_value AS statements FROM statements');
  return Number(seen!['statements']);
}

async function counts(url: string) {
  return (await sql(url, 'SELECT count(*) AS rows, sum(id) FROM notes'))[0];
}

function sumOf(last: number, without: readonly number[] = []): string {
  return String((last * (last + 1)) / 2 - without.reduce((sum, id) => sum + id, 0));
}

async function databaseWith(script: string): Promise<string> {
  const url = await server.database();
  await sql(url, script);
  return url;
}

function keep(archive: DatabaseArchive): DatabaseArchive {
  archives.push(archive);
  return archive;
}
