// Whole exports through a running Longhaul: what comes out is what is in the source, over killed workers, pauses and
// failures; and what fails leaves nothing that could be taken for an export.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import type { ExportSpec } from '../../src/core/spec.js';
import { pyarrowMissing, readParquet } from '../support/apps/pyarrow.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { copyOut } from '../support/copy-out.js';
import { readExportFolder } from '../support/export-reader.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { NASTY_RECORDS } from '../support/nasty-records.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill } from '../support/processes.js';
import { someRecords } from '../support/records.js';
import { cannotMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

const noMount = await cannotMount();
const noPyarrow = await pyarrowMissing();

const PEOPLE = Array.from(
  { length: 3_000 },
  (_, i) =>
    `{"id":${9_007_199_254_740_993n + BigInt(i)},"name":${JSON.stringify(`Zoë, "${i}"\n`)},"note":${i % 3 === 0 ? 'null' : '""'},"balance":${i}.${i % 10}0,"tags":["a",${i}]}`,
);
const CONTACTS = someRecords(6_000);
const LARGE = Array.from({ length: 100 }, () => `{"noise":"${randomBytes(15_000).toString('hex')}"}`);
const ROWS = 30_000;

let api: FakeApi;
let postgres: TestPostgres;
let disk: SmallDisk | undefined;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  api = await startFakeApi({
    records: { nasty: NASTY_RECORDS, people: PEOPLE, contacts: CONTACTS, large: LARGE, empty: [] },
    latencyMs: 1,
  });
  postgres = await startPostgres();
  await sql(
    postgres.url,
    `CREATE TABLE events (id bigint PRIMARY KEY, note text, at timestamptz NOT NULL, amount numeric(12,2));
     INSERT INTO events SELECT i, repeat('n', 100) || i, timestamptz '2024-02-29 12:00:00.000001+00' + i * interval '1 s',
       i / 100.0 FROM generate_series(1, ${ROWS}) i`,
  );
  disk = noMount === null ? await mountSmallDisk('size=2m') : undefined;
  longhaul = await startLonghaul({
    connections: {
      api: api.connection('json_link', { pageSize: 100 }),
      pieces: api.connection('json_link', { pageSize: 5 }),
      database: { type: 'postgres', url: postgres.url },
      ...(disk && { disk: { type: 'file', path: disk.folder } }),
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await disk?.unmount();
  await postgres?.close();
  await api?.close();
}, 60_000);

function exportOf(
  source: ExportSpec['source'],
  options: ExportSpec['options'],
  sink: ExportSpec['sink'] = { connection: 'vault', prefix: 'out' },
): ExportSpec {
  return { kind: 'export', source, sink, options };
}

const read = (job: Job, root?: string) => readExportFolder(longhaul.archiveOf(job, root));

/** Files that could be taken for an export. */
async function isPublished(job: Job, root?: string): Promise<boolean> {
  const files = await readdir(longhaul.archiveOf(job, root)).catch((): string[] => []);
  return files.includes('export.json');
}

describe('an export of a REST API', () => {
  test('as JSON lines keeps every record as the bytes that came', async () => {
    const source = { connection: 'pieces', streams: ['empty', 'nasty'] };
    const job = await longhaul.run(exportOf(source, { format: 'jsonl', checkpoint: { pages: 1 } }));
    const { bytesOf, content } = await read(job);
    expect(String(await bytesOf('nasty'))).toBe(NASTY_RECORDS.map((record) => `${record}\n`).join(''));
    expect(content).toMatchObject({
      job: job.id,
      source: { connection: 'pieces', type: 'http' },
      as: { format: 'jsonl', compression: 'none' },
      streams: [
        { name: 'empty', records: 0, files: [{ path: 'empty.jsonl', bytes: 0 }] },
        { name: 'nasty', records: NASTY_RECORDS.length, schema: null },
      ],
    });
    expect(job).toMatchObject({ result: { records: NASTY_RECORDS.length, files: 2 } });
  });

  test('as CSV is read by COPY of PostgreSQL to the same values', async () => {
    const source = { connection: 'api', streams: ['people'] };
    const job = await longhaul.run(exportOf(source, { format: 'csv', checkpoint: { pages: 3 } }));
    const url = await postgres.database();
    await sql(
      url,
      'CREATE TABLE people (id bigint, name text, note text, balance numeric, tags json, _extra json)',
    );
    const { pathsOf } = await read(job);
    await sql(url, `COPY people FROM '${await readable(pathsOf('people')[0]!)}' (FORMAT csv, HEADER MATCH)`);
    const told = await sql(
      url,
      `SELECT format('{"id":%s,"name":%s,"note":%s,"balance":%s,"tags":%s}', id, to_json(name),
         coalesce(to_json(note)::text, 'null'), balance, tags) AS record FROM people WHERE _extra IS NULL ORDER BY id`,
    );
    expect(told.map(({ record }) => record)).toEqual(PEOPLE);
  });

  test(
    'as Parquet, from a worker that is killed again and again, has every record once',
    async (context) => {
      context.skip(noPyarrow !== null, noPyarrow ?? undefined);
      const hold = api.hold('contacts', 23);
      const source = { connection: 'api', streams: ['contacts'] };
      const job = await longhaul.post(
        exportOf(source, { format: 'parquet', checkpoint: { pages: 5 }, lanes: 1 }),
      );
      let held = hold;
      for (const pages of [12, 12]) {
        await held.reached();
        const [worker] = await longhaul.workerPids();
        const requests = api.requests.length;
        await kill(worker!);
        const next = api.hold('contacts', pages);
        held.release();
        await api.waitFor(requests + 1);
        held = next;
      }
      await held.reached();
      held.release();
      const ended = await longhaul.waitFor(job.id, 'it completes', ({ state }) => state === 'completed');
      const { pathsOf, content } = await read(ended);
      const { columns, rowGroups } = await readParquet(pathsOf('contacts')[0]!);
      expect(columns['id']).toEqual(CONTACTS.map((record) => /"id":(\d+)/.exec(record)![1]));
      expect(rowGroups).toBeGreaterThan(5);
      expect(content.streams).toMatchObject([{ records: CONTACTS.length }]);
    },
    INSTALL_TIMEOUT_MS,
  );
});

/** The server may run as another user. */
async function readable(file: string): Promise<string> {
  const copy = path.join(tmpdir(), `longhaul-${path.basename(file)}-${randomBytes(4).toString('hex')}`);
  await writeFile(copy, await readFile(file), { mode: 0o644 });
  onTestFinished(() => rm(copy));
  return copy;
}

describe('an export of a database', () => {
  test.for([1, 4])('as CSV is its own COPY, paused and resumed on the way, in %i lanes', async (lanes) => {
    const options = { format: 'csv', lanes, pageSize: 500, checkpoint: { pages: 2 } } as const;
    const { id } = await longhaul.post(exportOf({ connection: 'database' }, options));
    await longhaul.steer(id, 'pause');
    await longhaul.waitFor(id, 'it is paused', ({ state }) => state === 'paused');
    await longhaul.steer(id, 'resume');
    const job = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');
    const told = await copyOut(postgres.url, 'events', 'id');
    expect((await (await read(job)).bytesOf('events'))[0]?.equals(told)).toBe(true);
    expect(job.progress).toMatchObject({ records: ROWS, percent: 100 });
  });

  test('that is cancelled leaves nothing behind', async () => {
    const hold = api.hold('contacts', 8);
    const spec = exportOf({ connection: 'api', streams: ['contacts'] }, { format: 'csv' });
    const job = await longhaul.post({ ...spec, options: { ...spec.options, checkpoint: { pages: 1 } } });
    await hold.reached();
    await longhaul.steer(job.id, 'cancel');
    hold.release();
    const ended = await longhaul.ended(job.id);
    expect(ended.state).toBe('cancelled');
    expect(await readdir(longhaul.archiveOf(ended)).catch(() => [])).toEqual([]);
  });
});

describe('an export of an archive', () => {
  test('asks nothing of the source, and is what an export of the source is', async () => {
    const backup = await longhaul.run({
      kind: 'backup',
      source: { connection: 'api', streams: ['people'] },
      sink: { connection: 'vault', prefix: 'kept' },
      options: { checkpoint: { pages: 2 } },
    });
    const archive = backup.archive!.replace(/^vault\//, '');
    const live = await longhaul.run(exportOf({ connection: 'api', streams: ['people'] }, { format: 'csv' }));
    const asked = api.requests.length;
    const job = await longhaul.run(exportOf({ connection: 'vault', archive }, { format: 'csv' }));
    expect(api.requests.length).toBe(asked);
    const [kept, told] = [await read(job), await read(live)];
    expect(await kept.bytesOf('people')).toEqual(await told.bytesOf('people'));
    expect(kept.content.source).toEqual({ connection: 'vault', type: 'file', archive });
  });

  test('that is damaged ends with archive_damaged, or passes over the damage and says so', async () => {
    const backup = await longhaul.run({
      kind: 'backup',
      source: { connection: 'pieces', streams: ['nasty'] },
      sink: { connection: 'vault', archive: 'harmed' },
      options: { checkpoint: { pages: 1 } },
    });
    const stream = path.join(longhaul.archiveOf(backup), 'nasty', '0');
    const [first] = (await readdir(stream)).toSorted();
    await writeFile(path.join(stream, first!), 'no longer what it was');
    const source = { connection: 'vault', archive: 'harmed' };
    const failed = await longhaul.run(exportOf(source, { format: 'jsonl' }), 'failed');
    expect(failed.error).toMatchObject({ code: 'archive_damaged' });
    expect(await isPublished(failed)).toBe(false);
    const job = await longhaul.run(exportOf(source, { format: 'jsonl', skipDamaged: true }));
    expect(String(await (await read(job)).bytesOf('nasty'))).toBe(
      NASTY_RECORDS.slice(5)
        .map((record) => `${record}\n`)
        .join(''),
    );
    expect(job.progress.rejects).toBe(5);
  });

  test('that is not there, or of another format, is refused by name', async () => {
    const missing = exportOf({ connection: 'vault', archive: 'nowhere' }, { format: 'csv' });
    expect((await longhaul.run(missing, 'failed')).error).toMatchObject({ code: 'archive_missing' });
    const folder = path.join(longhaul.vault, 'newer');
    await mkdir(folder);
    await writeFile(path.join(folder, 'manifest.json'), '{"format":"longhaul-archive/9"}');
    const newer = exportOf({ connection: 'vault', archive: 'newer' }, { format: 'csv' });
    expect((await longhaul.run(newer, 'failed')).error).toMatchObject({ code: 'archive_unsupported' });
  });
});

describe('an export that fails', () => {
  test('for a name that is taken leaves what is there as it is', async () => {
    const sink = { connection: 'vault', name: 'taken' };
    const source = { connection: 'api', streams: ['people'] };
    const first = await longhaul.run(exportOf(source, { format: 'jsonl' }, sink));
    const second = await longhaul.run(exportOf(source, { format: 'csv' }, sink), 'failed');
    expect(second.error).toMatchObject({ code: 'archive_exists' });
    expect((await read(first)).content.job).toBe(first.id);
  });

  test('for a table that is not there says its name', async () => {
    const spec = exportOf({ connection: 'database', streams: ['no_such_table'] }, { format: 'parquet' });
    const failed = await longhaul.run(spec, 'failed');
    expect(failed.error).toMatchObject({ code: 'stream_unknown' });
    expect(failed.error?.message).toContain('no_such_table');
    expect(await isPublished(failed)).toBe(false);
  });

  test('for a disk that is full while files are put together goes on when there is room', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    const source = { connection: 'api', streams: ['large'] };
    await disk!.remount('size=4500k');
    const options = { format: 'csv', checkpoint: { pages: 1 } } as const;
    const failed = await longhaul.run(exportOf(source, options, { connection: 'disk' }), 'failed');
    expect(failed.error).toMatchObject({ code: 'disk_full' });
    expect(failed.progress.records).toBe(LARGE.length);
    expect(await isPublished(failed, disk!.folder)).toBe(false);
    await disk!.remount('size=64m');
    const job = await longhaul.retried(failed);
    const [file] = await (await read(job, disk!.folder)).bytesOf('large');
    expect(file?.toString('utf8').match(/^[0-9a-f]{30000},$/gm)).toHaveLength(LARGE.length);
  });

  test('for a folder that is read-only goes on when it is not', async (context) => {
    context.skip(noMount !== null, noMount ?? undefined);
    await disk!.remount('ro');
    const spec = exportOf(
      { connection: 'pieces', streams: ['nasty'] },
      { format: 'parquet' },
      { connection: 'disk' },
    );
    const failed = await longhaul.run(spec, 'failed');
    expect(failed.error).toMatchObject({ code: 'sink_unwritable' });
    await disk!.remount('rw');
    const job = await longhaul.retried(failed);
    expect((await read(job, disk!.folder)).content.streams).toMatchObject([
      { records: NASTY_RECORDS.length },
    ]);
  });
});
