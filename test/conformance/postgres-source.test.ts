// PostgreSQL under the suite for all sources: a real server, tables of every kind that Longhaul can read.
import { afterAll, beforeAll } from 'vitest';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import { copyCsv, sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { recordsOf } from '../support/reading.js';
import { describeSource, type SourceSubject } from './source-suite.js';

const TABLES = `
  CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL, note text, body jsonb);
  INSERT INTO events SELECT g * 3, '2024-01-01'::timestamptz + g * interval '1.000001 s',
    CASE WHEN g % 7 = 0 THEN NULL WHEN g % 7 = 1 THEN '' WHEN g % 7 = 2 THEN E'two\\nlines, "quoted"' ELSE 'n' || g END,
    jsonb_build_object('n', g, 'emoji', '🚚')
  FROM generate_series(-15000, 15000) g;

  CREATE COLLATION backwards (provider = icu, locale = 'und-u-kf-upper');
  CREATE TABLE words (word text COLLATE backwards, part int, payload bytea, PRIMARY KEY (word, part));
  INSERT INTO words SELECT (ARRAY['a', 'A', 'ä', 'Z', 'z', '"', ',', E'\\n', '''', '\\', ' '])[1 + g % 11] || g % 2900, g / 2900,
    decode(md5(g::text), 'hex') FROM generate_series(0, 28999) g;

  CREATE SCHEMA "Other ""Place";
  CREATE TABLE "Other ""Place"."order" ("select" uuid PRIMARY KEY, "a,b" numeric, "c""d" float8);
  INSERT INTO "Other ""Place"."order" SELECT md5(g::text)::uuid, g / 7.0, 1 / (g + 0.1) FROM generate_series(1, 3000) g;

  CREATE TABLE keyless (n int, t text);
  INSERT INTO keyless SELECT g, repeat('x', g % 300) FROM generate_series(1, 20000) g;
  DELETE FROM keyless WHERE n BETWEEN 4000 AND 6000;

  CREATE TABLE metrics (at date, host text, value numeric, PRIMARY KEY (host, at)) PARTITION BY RANGE (at);
  CREATE TABLE metrics_old PARTITION OF metrics FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
  CREATE TABLE metrics_new PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
  INSERT INTO metrics SELECT '2023-06-01'::date + g % 400, 'host' || g / 400, g FROM generate_series(0, 23999) g;

  CREATE TABLE empty (id int PRIMARY KEY, note text);
  ANALYZE;`;

// stream name → the table in SQL
const STREAMS: Readonly<Record<string, string>> = {
  events: 'events',
  words: 'words',
  '"Other ""Place".order': '"Other ""Place"."order"',
  keyless: 'keyless',
  metrics: 'metrics',
  empty: 'empty',
};

let server: TestPostgres;
const expected = new Map<string, readonly string[]>();

beforeAll(async () => {
  server = await startPostgres();
  await sql(server.url, TABLES);
  for (const [name, table] of Object.entries(STREAMS)) {
    const chunks = [Buffer.from(await copyCsv(server.url, `SELECT * FROM ${table}`))];
    const payload = { format: 'csv', header: new Uint8Array(), chunks } as const;
    expected.set(name, recordsOf({ payload, records: 0, next: null }));
  }
});
afterAll(() => server.close());

const subject = (pageSize?: number): SourceSubject => ({
  open: async () => {
    const connection = createPostgresConnection('main', { type: 'postgres', url: server.url });
    return { source: connection.source!({ pageSize }), expected, dispose: async () => {} };
  },
});

describeSource('postgres in pages of 500 records', subject(500));
