// A PostgreSQL database against an archive of it: what is unchanged differs nowhere, whatever its types; what changed is
// named by its key.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createPair } from '../../src/compare/pair.js';
import { createCompareSink } from '../../src/compare/sink.js';
import { readDifferences } from '../../src/compare/differences.js';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import type { JobSpec } from '../../src/core/spec.js';
import { createMemoryStore, newSpace } from '../support/memory-store.js';
import { NASTY_TABLES, TABLES } from '../support/nasty-tables.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { archiveOf, runWhole, type DatabaseArchive } from '../support/restoring.js';

const FOLDER = '.jobs/verify-1';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await startPostgres()));
afterAll(() => postgres?.close());

async function databaseWith(text: string): Promise<string> {
  const url = await postgres.database();
  await sql(url, text);
  return url;
}

async function backedUp(url: string): Promise<DatabaseArchive> {
  const archive = await archiveOf(url);
  onTestFinished(async () => archive.dispose());
  return archive;
}

/** Summary, and each difference as `kind stream key`. */
async function compare(archive: DatabaseArchive, url: string, streams?: string[]) {
  const store = createMemoryStore(newSpace());
  const against = createPostgresConnection('main', { type: 'postgres', url }).source!({ pageSize: 300 });
  const source = { connection: 'vault', archive: 'a-1', ...(streams && { streams }) };
  const spec: JobSpec = { kind: 'verify', source, options: { against: { connection: 'main' } } };
  const sink = createCompareSink(store, {
    folder: FOLDER,
    job: 'verify-1',
    createdAt: '',
    source: { connection: 'main', type: 'postgres' },
  });
  const open = { source: createPair(archive.source(), against), sink, limits: {} };
  const summary = await runWhole(open, spec, { pages: 3 });
  const page = await readDifferences(store, FOLDER, { limit: 1_000 });
  const named = page!.differences.map(({ kind, stream, key }) => [kind, stream, ...key].join(' '));
  return { summary, named };
}

describe('a database against its archive', () => {
  test('differs nowhere while nothing changed, every type and key', { timeout: 60_000 }, async () => {
    const url = await databaseWith(NASTY_TABLES);
    const { summary, named } = await compare(await backedUp(url), url);
    expect(named).toEqual([]);
    const counts = TABLES.map(async ({ table }) =>
      Number((await sql(url, `SELECT count(*) FROM ${table}`))[0]!['count']),
    );
    const rows = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    expect(rows).toBeGreaterThan(12_000);
    expect(summary.differences).toEqual({ same: rows, added: 0, removed: 0, changed: 0, duplicates: 0 });
    expect(summary.records).toBe(rows);
  });

  test('differs in the one value that changed, of every type', { timeout: 60_000 }, async () => {
    const url = await databaseWith(NASTY_TABLES);
    const archive = await backedUp(url);
    const columns = await sql(
      url,
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'every_type' AND column_name <> 'id'`,
    );
    const changed: string[] = [];
    for (const { name } of columns) {
      const [row] = await sql(
        url,
        `UPDATE every_type SET ${String(name)} = NULL WHERE id = (SELECT min(id) FROM every_type WHERE ${String(name)} IS NOT NULL) RETURNING id`,
      );
      changed.push(`changed every_type ${String(row!['id'])}`);
    }
    expect((await compare(archive, url, ['every_type'])).named.toSorted()).toEqual(changed.toSorted());
  });

  test('names rows that were added, changed and removed, by keys of any length and type', async () => {
    const url = await databaseWith(`
      CREATE TABLE orders (region text, n numeric, note text, PRIMARY KEY (region, n));
      INSERT INTO orders SELECT 'r' || i % 3, i + 0.10, 'n' || i FROM generate_series(1, 2000) i;`);
    const archive = await backedUp(url);
    await sql(
      url,
      `DELETE FROM orders WHERE n = 7.10; UPDATE orders SET note = '' WHERE n = 8.10;
       UPDATE orders SET note = NULL WHERE n = 9.10; INSERT INTO orders VALUES (E'x\\n"', 12345678901234567890.10, NULL);`,
    );
    const { summary, named } = await compare(archive, url);
    expect(summary.differences).toMatchObject({ same: 1_997, added: 1, removed: 1, changed: 2 });
    expect(named).toEqual([
      'changed orders r0 9.10',
      'removed orders r1 7.10',
      'changed orders r2 8.10',
      'added orders x\n" 12345678901234567890.10',
    ]);
  });

  test('is the same when its columns come in another order, and differs when there is one more', async () => {
    const url = await databaseWith(
      `CREATE TABLE a (id int PRIMARY KEY, x text, y text); INSERT INTO a VALUES (1, 'x', NULL);`,
    );
    const archive = await backedUp(url);
    await sql(
      url,
      `DROP TABLE a; CREATE TABLE a (y text, x text, id int PRIMARY KEY); INSERT INTO a VALUES (NULL, 'x', 1);`,
    );
    expect((await compare(archive, url)).named).toEqual([]);
    await sql(url, `ALTER TABLE a ADD z text`);
    expect((await compare(archive, url)).named).toEqual(['changed a 1']);
  });

  test('counts rows of tables without a key, as often as each comes', async () => {
    const url = await databaseWith(
      `CREATE TABLE logs (at int, note text); INSERT INTO logs SELECT i % 4, 'same' FROM generate_series(1, 40) i;`,
    );
    const archive = await backedUp(url);
    await sql(
      url,
      `DELETE FROM logs WHERE ctid IN (SELECT ctid FROM logs WHERE at = 0 LIMIT 3); INSERT INTO logs VALUES (9, 'new');`,
    );
    const { summary } = await compare(archive, url);
    expect(summary.differences).toEqual({ same: 37, added: 1, removed: 3, changed: 0, duplicates: 0 });
  });

  test('says which column of the key a table has lost', async () => {
    const url = await databaseWith(`CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);`);
    const archive = await backedUp(url);
    await sql(url, `ALTER TABLE a RENAME id TO uid`);
    await expect(compare(archive, url)).rejects.toMatchObject({
      cause: { code: 'connection_unsuitable', message: expect.stringContaining('no column id') as string },
    });
  });
});
