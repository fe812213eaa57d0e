// What was backed up comes back: tables made anew, tables that are there, rows that are there.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyOut } from '../support/copy-out.js';
import { NASTY_TABLES, TABLES } from '../support/nasty-tables.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { archiveOf, restoreInto, type DatabaseArchive } from '../support/restoring.js';

let server: TestPostgres;
beforeAll(async () => void (server = await startPostgres()));
afterAll(() => server.close());

describe('tables of every type', () => {
  let archive: DatabaseArchive;
  beforeAll(async () => {
    await sql(server.url, NASTY_TABLES);
    archive = await archiveOf(server.url);
  });
  afterAll(() => archive.dispose());

  test('come back as they were into an empty database', async () => {
    const url = await server.database();
    const summary = await restoreInto(url, archive, { create: true });
    for (const { stream, table, key } of TABLES) {
      const [now, before] = [await copyOut(url, table, key), await copyOut(server.url, table, key)];
      expect([stream, now.toString()]).toEqual([stream, before.toString()]);
    }
    expect(summary.records).toBeGreaterThan(12_000);
  });
});
