// Out of PostgreSQL, through an archive, into another: row by row the same, as the servers themselves say.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHOP, SHOP_ROWS, SHOP_TABLES } from '../support/fidelity-tables.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { archiveOf, restoreInto, type DatabaseArchive } from '../support/restoring.js';

let server: TestPostgres;
let archive: DatabaseArchive;
beforeAll(async () => {
  server = await startPostgres();
  await sql(server.url, SHOP_TABLES);
  await sql(server.url, SHOP_ROWS);
  archive = await archiveOf(server.url);
});
afterAll(async () => {
  await archive?.dispose();
  await server?.close();
});

describe.for([
  ['made by the restore', '', { create: true }],
  ['that are there', SHOP_TABLES, {}],
  ['that are there, with records that may be set aside', SHOP_TABLES, { rejects: true }],
  ['that are there, by upsert', SHOP_TABLES, { mode: 'upsert' }],
] as const)('in tables %s', ([, script, options]) => {
  let url: string;
  beforeAll(async () => {
    url = await server.database();
    await sql(url, script);
    // without a key nothing can be replaced
    const streams = 'mode' in options ? SHOP.filter((name) => name !== 'loose') : SHOP;
    await restoreInto(url, archive, { ...options, streams, policy: { pages: 2 } });
    if ('mode' in options) await restoreInto(url, archive, { streams: ['loose'], job: 'restore-2' });
    await lookAcross(url);
  });

  test.for(SHOP)('%s is the same, by EXCEPT both ways', async (table) => {
    const here = `SELECT ${table}::text FROM public.${table}`;
    const there = `SELECT line FROM there('${table}')`;
    expect(await sql(url, `${here} EXCEPT ALL ${there}`)).toEqual([]);
    expect(await sql(url, `${there} EXCEPT ALL ${here}`)).toEqual([]);
    const [count] = await sql(url, `SELECT count(*) > 0 AS some FROM public.${table}`);
    expect(count).toEqual({ some: true });
  });

  test('sequences go on after the highest value', async () => {
    const [person] = await sql(url, 'INSERT INTO staff (team) VALUES (1) RETURNING id');
    const [team] = await sql(url, 'INSERT INTO teams (lead) VALUES (1) RETURNING id');
    const [row] = await sql(url, 'INSERT INTO every (flag) VALUES (true) RETURNING id');
    const [last] = await sql(server.url, 'SELECT max(id) + 1 AS id FROM every');
    expect([person, team, row]).toEqual([{ id: 3001 }, { id: 51 }, last]);
  });

  test('every foreign key holds', async () => {
    const keys = `SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY conname`;
    expect(await sql(url, keys)).toEqual(await sql(server.url, keys));
    await expect(sql(url, 'INSERT INTO staff (boss) VALUES (99999)')).rejects.toMatchObject({
      code: '23503',
    });
  });
});

/** `there(table)`: the rows of the source, printed by the source. */
async function lookAcross(url: string): Promise<void> {
  await sql(
    url,
    `CREATE EXTENSION dblink;
     CREATE FUNCTION there(name text) RETURNS TABLE (line text) LANGUAGE sql AS $$
       SELECT line FROM dblink('${server.url}', format('SELECT %I::text FROM public.%I', name, name)) AS t (line text) $$`,
  );
}
