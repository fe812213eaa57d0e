// Which tables are streams, what is said about them, and how they are divided.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresConnection } from '../../src/config/postgres.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
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
beforeAll(async () => void (server = await startPostgres()));
afterAll(() => server.close());

const MIXED = `
  CREATE TABLE b (id int PRIMARY KEY);
  CREATE TABLE "A" (id int PRIMARY KEY);
  CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY);
  CREATE TABLE parent (id int PRIMARY KEY) PARTITION BY HASH (id);
  CREATE TABLE child PARTITION OF parent FOR VALUES WITH (MODULUS 1, REMAINDER 0);
  CREATE MATERIALIZED VIEW with_key AS SELECT 1 AS id; CREATE UNIQUE INDEX ON with_key (id);
  CREATE MATERIALIZED VIEW without_key AS SELECT 1 AS id;
  CREATE VIEW seen AS SELECT * FROM b;`;

describe('the streams of a database', () => {
  test('are its tables, partitioned ones whole, in the order of their names', async () => {
    const url = await databaseWith(MIXED);
    expect(await names(url)).toEqual(['A', 'b', 'parent', 'shop.orders']);
  });

  test('are found by either form of their name, and only once', async () => {
    const url = await databaseWith(MIXED);
    expect(await names(url, ['shop.orders', 'public.b', 'b'])).toEqual(['b', 'shop.orders']);
  });

  test('keep to the schemas of the connection', async () => {
    const url = await databaseWith(MIXED);
    const found = await collect(open(url, { schemas: ['shop'] }).streams(testContext()));
    expect(found.map(({ name }) => name)).toEqual(['shop.orders']);
  });

  test('are suggested where a name is nearly right', async () => {
    const url = await databaseWith(MIXED);
    await expect(names(url, ['shop.ordres'])).rejects.toMatchObject({
      code: 'stream_unknown',
      hint: expect.stringContaining('shop.orders') as string,
    });
  });

  test('are described well enough to make the tables again', async () => {
    const url = await databaseWith(`
      CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE other (id int PRIMARY KEY);
      CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, code varchar(10) COLLATE "C" NOT NULL DEFAULT 'x',
        moods mood[], other int REFERENCES other, up text GENERATED ALWAYS AS (lower(code)) STORED,
        PRIMARY KEY (id), CHECK (id > 0));
      CREATE INDEX by_code ON t (code)`);
    const { schema, key, encoding } = await streamNamed(open(url), 't');
    expect({ key, encoding }).toEqual({ key: ['id'], encoding: 'csv' });
    expect(schema).toMatchObject({
      schema: 'public',
      table: 't',
      primaryKey: ['id'],
      columns: [
        { name: 'id', type: 'bigint', nullable: false, identity: 'always' },
        { name: 'code', type: 'character varying(10)', nullable: false, collation: 'pg_catalog."C"' },
        { name: 'moods', type: 'public.mood[]', nullable: true },
        { name: 'other', type: 'integer' },
        { name: 'up', generated: 'stored', default: expect.stringContaining('lower') as string },
      ],
      constraints: expect.arrayContaining([
        { name: 't_other_fkey', definition: 'FOREIGN KEY (other) REFERENCES public.other(id)' },
      ]) as unknown,
      indexes: ['CREATE INDEX by_code ON public.t USING btree (code)'],
      enums: [{ name: 'public.mood', labels: ['sad', 'happy'] }],
    });
  });

  test('tell how many records to expect: counted when small, guessed when large', async () => {
    const url = await databaseWith(`
      CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 1234);
      CREATE TABLE large (id int PRIMARY KEY, pad text);
      INSERT INTO large SELECT g, repeat('x', 100) FROM generate_series(1, 60000) g; ANALYZE large`);
    expect((await streamNamed(open(url), 'small')).estimate).toBe(1234);
    const { estimate } = await streamNamed(open(url), 'large');
    expect(Math.abs(estimate! - 60_000)).toBeLessThan(3_000);
  });
});

describe('what cannot be read piece by piece', () => {
  const REFUSED = {
    'a view': 'CREATE VIEW t AS SELECT 1 AS id',
    'a materialized view without a key': 'CREATE MATERIALIZED VIEW t AS SELECT 1 AS id',
    'a partitioned table without a key': 'CREATE TABLE t (id int) PARTITION BY HASH (id)',
  };
  test.each(Object.entries(REFUSED))('is refused when it is named: %s', async (_, statement) => {
    const url = await databaseWith(statement);
    await expect(names(url, ['t'])).rejects.toMatchObject({ code: 'key_missing' });
  });

  test('fails a backup of everything rather than being left out: a partitioned table without a key', async () => {
    const url = await databaseWith('CREATE TABLE t (id int) PARTITION BY HASH (id)');
    await expect(names(url)).rejects.toMatchObject({ code: 'key_missing' });
  });
});

describe('the key that is read by', () => {
  const KEYS: Readonly<Record<string, readonly [table: string, key: readonly string[]]>> = {
    'is the primary key before any other': ['(a int NOT NULL UNIQUE, b int PRIMARY KEY)', ['b']],
    'is a unique index over NOT NULL columns else': ['(a int, b int NOT NULL UNIQUE)', ['b']],
    'is none where a unique column may be NULL': ['(a int UNIQUE)', []],
    'is none where NOT NULL was never checked': [
      '(a int UNIQUE); ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID',
      [],
    ],
    'is none where only some rows are unique': [
      '(a int NOT NULL); CREATE UNIQUE INDEX ON t (a) WHERE a > 0',
      [],
    ],
    'is none where an expression is unique': [
      '(a text NOT NULL); CREATE UNIQUE INDEX ON t (lower(a), a)',
      [],
    ],
    'is none where the index has another order than its type': [
      '(a text COLLATE "en-x-icu" NOT NULL); CREATE UNIQUE INDEX ON t (a text_pattern_ops)',
      [],
    ],
    'leaves out what an index only carries along': ['(a int, b int, PRIMARY KEY (b) INCLUDE (a))', ['b']],
  };
  test.each(Object.entries(KEYS))('%s', async (_, [table, key]) => {
    const url = await databaseWith(`CREATE TABLE t ${table}`);
    expect((await streamNamed(open(url), 't')).key).toEqual(key);
  });

  test('leaves rows of inheriting tables to their own streams', async () => {
    const url = await databaseWith(`CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE heir () INHERITS (t);
      INSERT INTO t VALUES (1); INSERT INTO heir VALUES (1), (2)`);
    expect(await read(url, 't')).toEqual(['1']);
    expect(await read(url, 'heir')).toEqual(['1', '2']);
  });
});

describe('the partitions of a table', () => {
  const LARGE = `CREATE TABLE t (id int PRIMARY KEY, pad text);
    INSERT INTO t SELECT g * 2, repeat('x', 100) FROM generate_series(1, 120000) g; ANALYZE t`;

  test('are as many as wanted where it is large, and not far from equal', async () => {
    const url = await databaseWith(LARGE);
    const partitions = await partitionsOf(open(url), 't', 6);
    const sizes = [];
    for (const partition of partitions) {
      const pages = await readPages(open(url), 't', partition);
      sizes.push(pages.reduce((sum, page) => sum + page.records, 0));
    }
    expect(sizes).toHaveLength(6);
    expect(sizes.reduce((a, b) => a + b)).toBe(120_000);
    expect(Math.min(...sizes)).toBeGreaterThan(10_000);
    expect(Math.max(...sizes)).toBeLessThan(40_000);
  });

  test('are planned alike when planning is repeated', async () => {
    const url = await databaseWith(LARGE);
    expect(await partitionsOf(open(url), 't', 6)).toEqual(await partitionsOf(open(url), 't', 6));
  });

  test('leave no gap for rows that are added at the ends and between', async () => {
    const url = await databaseWith(LARGE);
    const partitions = await partitionsOf(open(url), 't', 6);
    await sql(url, 'INSERT INTO t VALUES (-5), (5), (120001), (99999999)');
    const pages = [];
    for (const partition of partitions) pages.push(...(await readPages(open(url), 't', partition)));
    expect(recordsOfAll(pages)).toHaveLength(120_004);
  });

  test('is one for a small table', async () => {
    const url = await databaseWith('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
    expect(await partitionsOf(open(url), 't', 64)).toHaveLength(1);
  });

  test('stay small in their description where keys are long', async () => {
    const url = await databaseWith(`CREATE TABLE t (id text PRIMARY KEY);
      INSERT INTO t SELECT repeat(md5(g::text), CASE WHEN g % 2 = 0 THEN 100 ELSE 1 END) FROM generate_series(1, 40000) g;
      ANALYZE t`);
    const partitions = await partitionsOf(open(url), 't', 128);
    expect(partitions.length).toBeGreaterThan(1);
    for (const { range } of partitions) expect(JSON.stringify(range).length).toBeLessThan(8_192);
    const pages = [];
    for (const partition of partitions) pages.push(...(await readPages(open(url), 't', partition)));
    expect(pages.reduce((sum, page) => sum + page.records, 0)).toBe(40_000);
  });
});

describe('a read', () => {
  test('follows the index without sorting, through both bounds of a composite key', async () => {
    const url = await databaseWith(`CREATE TABLE t (a text, b int, pad text, PRIMARY KEY (a, b));
      INSERT INTO t SELECT md5(g::text), g, repeat('x', 50) FROM generate_series(1, 60000) g; ANALYZE t`);
    const partitions = await partitionsOf(open(url), 't', 4);
    expect(partitions).toHaveLength(4);
    await sql(url, 'SELECT pg_stat_reset()');
    await readPages(open(url), 't', partitions[1]!);
    const scans = await until('the scan shows in the statistics', () => scansOf(url, 't'));
    expect(scans.whole).toBe(0);
    expect(scans.rows).toBeLessThan(30_000);
  });
});

async function databaseWith(statements: string): Promise<string> {
  const url = await server.database();
  await sql(url, statements);
  return url;
}

/** Rows that came by an index, and scans of the whole table; undefined while no row did. */
async function scansOf(url: string, table: string): Promise<{ whole: number; rows: number } | undefined> {
  const query = `SELECT seq_scan, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = '${table}'`;
  const [seen] = await sql(url, query);
  const rows = Number(seen?.idx_tup_fetch);
  return rows > 0 ? { whole: Number(seen?.seq_scan), rows } : undefined;
}

function open(url: string, config: Partial<PostgresConnection> = {}) {
  return createPostgresConnection('main', { ...config, type: 'postgres', url }).source!({});
}

async function names(url: string, wanted?: readonly string[]): Promise<string[]> {
  return (await collect(open(url).streams(testContext(), wanted))).map(({ name }) => name);
}

async function read(url: string, name: string): Promise<string[]> {
  const [partition] = await partitionsOf(open(url), name, 1);
  return recordsOfAll(await readPages(open(url), name, partition!));
}
