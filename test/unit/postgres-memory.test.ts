// The memory that rows of PostgreSQL are read into, and used again.
import { execFile } from 'node:child_process';
import { chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgresConnection } from '../../src/connectors/postgres/index.js';
import { createSlabs } from '../../src/connectors/postgres/slabs.js';
import type { Page } from '../../src/core/connector.js';
import { copyCsv, sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { partitionsOf, testContext } from '../support/reading.js';

const ROWS = 60_000;
const TABLE = `CREATE TABLE t (id int PRIMARY KEY, note text);
  INSERT INTO t SELECT n, repeat(md5(n::text), 1 + n % 9) FROM generate_series(1, ${ROWS}) n`;

let server: TestPostgres;
let url: string;
/** As the server prints it by itself. */
let whole: string;
beforeAll(async () => {
  server = await startPostgres();
  url = await server.database();
  await sql(url, TABLE);
  whole = await copyCsv(url, 'SELECT * FROM t ORDER BY id');
});
afterAll(() => server.close());

describe('a slab', () => {
  test('is taken again when the last holder has dropped it, and not before', () => {
    const slabs = createSlabs();
    const first = slabs.take();
    first.hold();
    first.drop();
    const second = slabs.take();
    expect(second.bytes).not.toBe(first.bytes);
    first.drop();
    expect(slabs.take().bytes).toBe(first.bytes);
  });
});

describe('pages of PostgreSQL', () => {
  test.for([{ pageSize: 7 }, { pageSize: 1_000 }, {}])(
    'keep their bytes until they are released, whatever is read meanwhile (%j)',
    async (options) => {
      const texts: string[] = [];
      const held: { readonly page: Page; readonly place: number }[] = [];
      for await (const page of pagesOf(url, options)) {
        const place = texts.push(textOf(page)) - 1;
        if (place % 3 === 0) page.release?.();
        else held.push({ page, place });
      }
      expect(texts.join('') === whole).toBe(true);
      const changed = held.filter(({ page, place }) => textOf(page) !== texts[place]);
      expect(changed).toEqual([]);
    },
  );

  test('are read into the same memory again once they are released', async () => {
    const memory = new Set<ArrayBufferLike>();
    for await (const page of pagesOf(url, {})) {
      for (const { buffer } of page.payload.chunks) memory.add(buffer);
      page.release?.();
    }
    const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeLessThan(6 * 1_048_576);
  });
});

const hasOpenssl = await promisify(execFile)('openssl', ['version']).then(
  () => true,
  () => false,
);
test.skipIf(!hasOpenssl)('an encrypted connection gives the same rows', async () => {
  const [setting] = await sql(url, 'SHOW data_directory');
  await makeCertificate(String(setting!['data_directory']));
  await sql(url, `ALTER SYSTEM SET ssl = on`);
  await sql(url, 'SELECT pg_reload_conf()');
  const encrypted = `${url}?sslmode=no-verify`;
  expect(await sql(encrypted, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([
    { ssl: true },
  ]);
  const texts: string[] = [];
  for await (const page of pagesOf(encrypted, {})) texts.push(textOf(page));
  expect(texts.join('') === whole).toBe(true);
});

/** The server takes a key that belongs to its user alone. */
async function makeCertificate(folder: string): Promise<void> {
  const [key, cert] = [join(folder, 'server.key'), join(folder, 'server.crt')];
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await promisify(execFile)('openssl', ['req', ...kind, '-keyout', key, '-out', cert]);
  const { uid, gid } = await stat(folder);
  for (const file of [key, cert]) await chown(file, uid, gid);
}

async function* pagesOf(at: string, options: { readonly pageSize?: number }): AsyncGenerator<Page> {
  const source = createPostgresConnection('main', { type: 'postgres', url: at }).source!(options);
  try {
    for (const partition of await partitionsOf(source, 't', 1)) {
      yield* source.read(testContext(), 't', partition, null);
    }
  } finally {
    await source.close();
  }
}

const textOf = ({ payload }: Page): string => Buffer.concat(payload.chunks).toString();
