// A restore of a range of keys writes the rows of that range and no other, through a running Longhaul.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobSpec } from '../../src/core/spec.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';

const TABLES = `
  CREATE TABLE sales (region text, n numeric, note text, PRIMARY KEY (region, n));
  CREATE TABLE plain (id int);`;
const ROWS = `
  INSERT INTO sales SELECT 'r' || i % 3, i, repeat('x', 100) FROM generate_series(1, 30000) i;
  INSERT INTO plain VALUES (1);`;

let postgres: TestPostgres;
let longhaul: LonghaulInstance;
let target: string;
let archive: string;

beforeAll(async () => {
  postgres = await startPostgres();
  target = await postgres.database();
  await sql(postgres.url, TABLES + ROWS);
  await sql(target, TABLES);
  const database = (url: string) => ({ type: 'postgres', url });
  longhaul = await startLonghaul({ connections: { main: database(postgres.url), target: database(target) } });
  const backup: JobSpec = { kind: 'backup', source: { connection: 'main' }, sink: { connection: 'vault' } };
  archive = (await longhaul.run(backup)).archive!.replace(/^vault\//, '');
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await postgres?.close();
}, 60_000);

type Keys = { from?: (string | number)[]; to?: (string | number)[] };

function restore(stream: string, keys: Keys): JobSpec {
  const source = { connection: 'vault', archive, streams: [stream], keys };
  return { kind: 'restore', source, sink: { connection: 'target' } };
}

describe('a range of keys', { timeout: START_TIMEOUT_MS }, () => {
  test('is restored from its first key on and before its last, field by field', async () => {
    const job = await longhaul.run(restore('sales', { from: ['r1', 20_000], to: ['r2', '100.0'] }));
    const expected = `SELECT * FROM sales WHERE (region = 'r1' AND n >= 20000) OR (region = 'r2' AND n < 100)`;
    const [{ count }] = (await sql(postgres.url, `SELECT count(*) FROM (${expected}) e`)) as [
      { count: string },
    ];
    expect(job.result?.records).toBe(Number(count));
    expect(job.progress.records).toBe(Number(count));
    const order = 'ORDER BY region, n';
    expect(await sql(target, `SELECT * FROM sales ${order}`)).toEqual(
      await sql(postgres.url, `${expected} ${order}`),
    );
  });

  test.for<[string, string, Keys, string]>([
    ['a stream without a key', 'plain', { from: [1] }, 'Stream plain has no key'],
    ['more values than the key has fields', 'sales', { to: ['a', 1, 2] }, 'has 2 fields (region, n)'],
  ])('is refused for %s before anything is written', async ([, stream, keys, message]) => {
    const job = await longhaul.run(restore(stream, keys), 'failed');
    expect(job.error).toMatchObject({
      code: 'spec_invalid',
      message: expect.stringContaining(message) as string,
    });
    expect(job.progress.records).toBe(0);
  });
});
