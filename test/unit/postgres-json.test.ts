// JSON records of a REST API become rows: no value is bent or dropped on the way, whatever the table looks like.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { archiveOfJson, restoreInto, setAside, type DatabaseArchive } from '../support/restoring.js';

let server: TestPostgres;
const archives: DatabaseArchive[] = [];
beforeAll(async () => void (server = await startPostgres()));
afterEach(async () => {
  for (const archive of archives.splice(0)) await archive.dispose();
});
afterAll(() => server.close());

const VALUES = [
  String.raw`{"id":1,"n":9223372036854775807,"x":12345678901234567890.000000000000000000010,"s":"a\"\\\n\t\u00e9😀","ok":true,"j":{"b":1.10,"a":[1e400,null]}}`,
  '{"id":2,"n":-9223372036854775808,"x":-0,"s":"","ok":false,"j":[]}',
  '{"id":3,"n":null,"x":1e-30,"s":null,"ok":null,"j":null}',
  String.raw`{"s":"NULL","id":4,"x":0.1,"j":"\\N"}`,
  '{ "id" : 5 , "s" : "\\\\." , "x": 3 }',
];

/** More than a page of the archive holds, from which the columns are taken. */
const SAMPLED = 30_000;

describe('tables that are made', () => {
  test('have a column for each field of the sample, its key, and every value as it came', async () => {
    const archive = await json({ things: VALUES });
    const url = await server.database();
    expect(await restoreInto(url, archive, { create: true })).toMatchObject({ records: 5 });
    expect(await columnsOf(url, 'things')).toEqual(
      'id bigint NOT NULL, n bigint, x numeric, s text, ok boolean, j jsonb',
    );
    const [key] = await sql(
      url,
      `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = 'things'::regclass AND contype = 'p'`,
    );
    expect(key).toEqual({ key: 'PRIMARY KEY (id)' });
    const rows = await sql(url, 'SELECT id, n, x::text, s, ok, j::text FROM things ORDER BY id');
    expect(rows).toEqual([
      {
        id: '1',
        n: '9223372036854775807',
        x: '12345678901234567890.000000000000000000010',
        s: 'a"\\\n\té😀',
        ok: true,
        j: `{"a": [1${'0'.repeat(400)}, null], "b": 1.10}`,
      },
      { id: '2', n: '-9223372036854775808', x: '0', s: '', ok: false, j: '[]' },
      { id: '3', n: null, x: '0.000000000000000000000000000001', s: null, ok: null, j: null },
      { id: '4', n: null, x: '0.1', s: 'NULL', ok: null, j: '"\\\\N"' },
      { id: '5', n: null, x: '3', s: '\\.', ok: null, j: null },
    ]);
  });

  test('are made for streams of other schemas, without a key, and without records', async () => {
    const archive = await json({ 'crm.things': ['{"a":1}', '{"a":1}'], empty: [] }, []);
    const url = await server.database();
    await restoreInto(url, archive, { create: true, mode: 'insert' });
    expect(await sql(url, 'SELECT a FROM crm.things')).toEqual([{ a: '1' }, { a: '1' }]);
    expect(await sql(url, 'SELECT count(*) FROM empty')).toEqual([{ count: '0' }]);
  });

  test('take what does not fit the sample as rejects only, each by its reason', async () => {
    const later = [
      '{"id":901001,"n":1.5}',
      '{"id":901002,"n":"many"}',
      '{"id":901003,"n":1,"news":true}',
      String.raw`{"id":901004,"s":"nul \u0000"}`,
      String.raw`{"id":901005,"s":"half \ud800"}`,
      '[901006]',
      '{"n":1007}',
      '{"id":901008,"n":8,"s":"fine"}',
    ];
    const archive = await json({ things: [...many(SAMPLED), ...later] });
    const url = await server.database();
    const summary = await restoreInto(url, archive, { create: true, rejects: true });
    expect(summary.records).toBe(SAMPLED + 1);
    const refused = await setAside(archive);
    expect(refused.map(({ record }) => record).sort()).toEqual(later.slice(0, 7).sort());
    const reasons = new Map(refused.map(({ record, message }) => [record, message]));
    expect(later.slice(0, 7).map((record) => reasons.get(record))).toEqual([
      expect.stringContaining('invalid input syntax for type bigint: "1.5"'),
      expect.stringContaining('invalid input syntax for type bigint: "many"'),
      'table things: a record has a member "news", and there is no column for it',
      expect.stringContaining('unsupported Unicode escape sequence'),
      expect.stringContaining('invalid input syntax for type json'),
      expect.stringMatching(/cannot call json_\w+ on a/),
      expect.stringContaining('null value in column "id"'),
    ]);
    await expect(restoreInto(await server.database(), archive, { create: true })).rejects.toMatchObject({
      cause: {
        code: 'record_refused',
        message: expect.stringMatching(/a text holds|does not fit|news|a value/) as string,
      },
    });
  });
});

describe('tables that are there', () => {
  test('are filled by names, through the types of their columns, with defaults for what a record lacks', async () => {
    const records = [
      '{"id":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff","at":"2024-02-29T23:59:59.123456+05:30","price":12.50,"tags":["a","b"],"mood":"ok","raw":{"b": 1.10,  "a":1}, "ratio":0.1,"no":7}',
      '{"id":"6f9619ff-8b86-4d01-b42d-00cf4fc964fe","at":null,"price":"3.25","tags":null,"mood":null,"raw":null,"kept":"given"}',
    ];
    const archive = await json({ 'shop.things': records });
    const url = await databaseWith(
      `CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('ok', 'bad');
       CREATE TABLE shop.things (no integer GENERATED ALWAYS AS IDENTITY, id uuid PRIMARY KEY, at timestamptz,
         price numeric(8,2), tags text[], mood shop.mood DEFAULT 'bad', raw json, ratio double precision DEFAULT 1,
         kept text NOT NULL DEFAULT 'default', twice numeric GENERATED ALWAYS AS (price * 2) STORED)`,
    );
    await restoreInto(url, archive);
    const rows = await sql(
      url,
      `SELECT no, id, at::text, price::text, tags, mood, raw::text, ratio, kept, twice::text FROM shop.things ORDER BY id DESC`,
    );
    expect(rows).toEqual([
      {
        no: 7,
        id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
        at: expect.stringMatching(/^2024-02-29 18:29:59.123456/) as string,
        price: '12.50',
        tags: ['a', 'b'],
        mood: 'ok',
        raw: '{"b": 1.10,  "a":1}',
        ratio: 0.1,
        kept: 'default',
        twice: '25.00',
      },
      {
        no: 1,
        id: '6f9619ff-8b86-4d01-b42d-00cf4fc964fe',
        at: null,
        price: '3.25',
        tags: null,
        mood: null,
        raw: null,
        ratio: 1,
        kept: 'given',
        twice: '6.50',
      },
    ]);
    const [next] = await sql(url, `INSERT INTO shop.things (id) VALUES (gen_random_uuid()) RETURNING no`);
    expect(next).toEqual({ no: 8 });
  });

  test('refuse a number that a column would round', async () => {
    const records = [
      '{"id":1,"a":1.25,"b":0.5}',
      '{"id":2,"a":1.255,"b":0.1}',
      '{"id":3,"a":1,"b":0.12345678901234567890}',
    ];
    const archive = await json({ things: records });
    const url = await databaseWith(
      'CREATE TABLE things (id integer PRIMARY KEY, a numeric(8,2), b double precision)',
    );
    await restoreInto(url, archive, { rejects: true });
    expect((await setAside(archive)).map(({ message }) => message)).toEqual([
      'table things: column a cannot hold a number as it is',
      'table things: column b cannot hold a number as it is',
    ]);
    expect(await sql(url, 'SELECT id FROM things')).toEqual([{ id: 1 }]);
  });

  test('have the rows of the same key replaced in mode upsert', async () => {
    const archive = await json({ things: ['{"id":1,"n":10}', '{"id":2,"n":20}'] });
    const url = await databaseWith(
      `CREATE TABLE things (id text PRIMARY KEY, n smallint, more text DEFAULT 'd');
       INSERT INTO things VALUES ('1', 5, 'old'), ('9', 9, 'kept')`,
    );
    await restoreInto(url, archive, { mode: 'upsert' });
    expect(await sql(url, 'SELECT id, n, more FROM things ORDER BY id')).toEqual([
      { id: '1', n: 10, more: 'd' },
      { id: '2', n: 20, more: 'd' },
      { id: '9', n: 9, more: 'kept' },
    ]);
  });

  test.for([
    ['has no column n', 'id integer PRIMARY KEY', '{"id":1,"n":2}'],
    ['has column n as boolean', 'id integer, n boolean', '{"id":1,"n":2}'],
    ['has column n as integer', 'id integer, n integer', '{"id":1,"n":2.5}'],
    ['has column n as uuid', 'id integer, n uuid', '{"id":1,"n":2}'],
    ['generates column n', 'id integer, n integer GENERATED ALWAYS AS (id) STORED', '{"id":1,"n":2}'],
    ['wants a value in column more', 'id integer, more text NOT NULL', '{"id":1}'],
  ] as const)('are table_unfit, %s, before a row is written', async ([why, columns, record]) => {
    const archive = await json({ things: [record] });
    const url = await databaseWith(`CREATE TABLE things (${columns})`);
    await expect(restoreInto(url, archive)).rejects.toMatchObject({
      code: 'table_unfit',
      message: expect.stringContaining(why) as string,
    });
  });

  test('are table_unfit for names that PostgreSQL would cut, and for a key that records lack', async () => {
    const refused = async (records: Record<string, string[]>) => {
      const restoring = restoreInto(await server.database(), await json(records), {
        create: true,
        mode: 'upsert',
      });
      const message = await restoring.catch(
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      );
      return message;
    };
    const long = 'x'.repeat(64);
    expect(await refused({ [long]: ['{"id":1}'] })).toMatch(/table_unfit: .*a name that no table can have/);
    expect(await refused({ things: [`{"id":1,"${long}":1}`] })).toMatch(/table_unfit: .*no column can have/);
    expect(await refused({ things: ['{"no":1}'] })).toMatch(/table_unfit: .*records of things lack id/);
  });
});

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `{"id":${i},"n":${i},"s":"record ${i}"}`);
}

async function columnsOf(url: string, table: string): Promise<string> {
  const [row] = await sql(
    url,
    `SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
       ', ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0`,
  );
  return String(row!['columns']);
}

async function json(records: Record<string, string[]>, key?: string[]): Promise<DatabaseArchive> {
  const archive = await archiveOfJson(records, key);
  archives.push(archive);
  return archive;
}

async function databaseWith(script: string): Promise<string> {
  const url = await server.database();
  await sql(url, script);
  return url;
}
