// What a restore may be told: to write nothing, to go on past damage. Through a running Longhaul, into a real PostgreSQL.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RejectPage } from '../../src/api/result-contracts.js';
import type { RestoreSpec } from '../../src/core/spec.js';
import { readArchive, type Segment } from '../support/archive-reader.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';

const ROWS = 30_000;

let postgres: TestPostgres;
let longhaul: LonghaulInstance;
let archive: string;
let segments: readonly Segment[];
/** Of the databases that are restored into. */
const urls: Record<string, string> = {};

beforeAll(async () => {
  postgres = await startPostgres();
  const table = `CREATE TABLE people AS SELECT i AS id, repeat('n', 50) || i AS note FROM generate_series(1, ${ROWS}) i`;
  await sql(postgres.url, `${table}; ALTER TABLE people ADD PRIMARY KEY (id)`);
  for (const name of ['dry', 'strict', 'lenient']) urls[name] = await postgres.database();
  const database = (url: string) => ({ type: 'postgres', url });
  longhaul = await startLonghaul({
    connections: {
      source: database(postgres.url),
      ...Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, database(url)])),
    },
  });
  const job = await longhaul.run({
    kind: 'backup',
    source: { connection: 'source' },
    sink: { connection: 'vault' },
    options: { lanes: 2, pageSize: 2_000, checkpoint: { pages: 1 } },
  });
  archive = job.archive!.replace(/^vault\//, '');
  ({ segments } = await readArchive(longhaul.archiveOf(job)));
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await postgres?.close();
}, 60_000);

test('a dry run reads and checks everything, says what would be written, and writes nothing', async () => {
  const job = await longhaul.run(restore('dry', { dryRun: true }));
  expect(job.result).toMatchObject({
    records: ROWS,
    notes: [expect.stringContaining('nothing was written')],
  });
  expect(job.streams).toMatchObject([{ name: 'people', records: ROWS }]);
  const relations = await sql(
    urls['dry']!,
    `SELECT relname FROM pg_class WHERE relname IN ('people', 'positions')`,
  );
  expect(relations).toEqual([]);
});

test('a dry run is refused where the restore itself would be', async () => {
  const spec = restore('dry', { dryRun: true });
  const job = await longhaul.run({ ...spec, sink: { connection: 'dry' } }, 'failed');
  expect(job.error).toMatchObject({ code: 'table_missing' });
});

test('a damaged segment ends a restore by its name, or is passed over and reported', async () => {
  const damaged = segments.at(-1)!;
  const file = path.join(longhaul.vault, archive, damaged.path);
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0, bytes.length - 9));

  const failed = await longhaul.run(restore('strict', {}), 'failed');
  expect(failed.error).toMatchObject({ code: 'archive_damaged', stream: 'people' });
  expect(failed.error?.message).toContain(damaged.path);

  const job = await longhaul.run(restore('lenient', { skipDamaged: true }));
  expect(job.progress).toMatchObject({ records: ROWS - damaged.records, rejects: damaged.records });
  const [row] = await sql(urls['lenient']!, 'SELECT count(*)::int AS rows FROM people');
  expect(row).toEqual({ rows: ROWS - damaged.records });
  const page = await longhaul.call<RejectPage>('GET', `/v1/jobs/${job.id}/rejects`);
  expect(page.body.rejects).toMatchObject([{ code: 'archive_damaged', records: damaged.records }]);
});

function restore(connection: string, options: NonNullable<RestoreSpec['options']>): RestoreSpec {
  return {
    kind: 'restore',
    source: { connection: 'vault', archive },
    sink: { connection, create: true },
    options,
  };
}
