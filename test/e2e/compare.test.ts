// `verify` against a live source or another archive, through a running Longhaul: what it says, wherever it is killed.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDifferences } from '../../src/compare/differences.js';
import type { Job } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { storeIn } from '../support/archives.js';
import { startFakeApi, type FakeApi } from '../support/fake-api.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { jobHistory } from '../support/job-history.js';
import { NASTY_RECORDS } from '../support/nasty-records.js';
import { NASTY_TABLES } from '../support/nasty-tables.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { kill } from '../support/processes.js';
import { someRecords } from '../support/records.js';

const ROWS = 60_000;
const PEOPLE = `
  CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, note text);
  INSERT INTO people SELECT i, 'name ' || i, repeat('n', i % 50) FROM generate_series(1, ${ROWS}) i;
  CREATE TABLE logs (at timestamptz, note text);
  INSERT INTO logs SELECT timestamptz '2024-01-01' + i % 100 * interval '1 s', 'x' FROM generate_series(1, 1000) i;
  ANALYZE;`;
const CONTACTS = someRecords(6_000);
const PAGE = 100;

let postgres: TestPostgres;
let people: string;
let api: FakeApi;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  postgres = await startPostgres();
  people = await postgres.database();
  await sql(postgres.url, NASTY_TABLES);
  await sql(people, PEOPLE);
  api = await startFakeApi({ records: { contacts: CONTACTS, nasty: NASTY_RECORDS } });
  longhaul = await startLonghaul({
    connections: {
      api: api.connection('json_link', { pageSize: PAGE, key: ['id'] }),
      nasty: { type: 'postgres', url: postgres.url },
      people: { type: 'postgres', url: people },
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  await api?.close();
  await postgres?.close();
}, 60_000);

/** The archive's place in the vault. */
async function backedUp(connection: string, streams?: string[]): Promise<string> {
  const source = { connection, ...(streams && { streams }) };
  const job = await longhaul.run({ kind: 'backup', source, sink: { connection: 'vault' } });
  return job.archive!.replace(/^vault\//, '');
}

type Against = { connection: string; archive?: string };

function spec(archive: string, against: Against, streams?: string[]): JobSpec {
  return {
    kind: 'verify',
    source: { connection: 'vault', archive, ...(streams && { streams }) },
    options: { against },
  };
}

const NONE = { added: 0, removed: 0, changed: 0, duplicates: 0 };

/** Each as `kind stream key`, sorted. */
async function differencesOf({ id }: Job): Promise<string[]> {
  const page = await readDifferences(storeIn(longhaul.vault), `.jobs/${id}`, { limit: 10_000 });
  return page!.differences.map(({ kind, stream, key }) => [kind, stream, ...key].join(' ')).toSorted();
}

async function filesOf({ id }: Job): Promise<string[]> {
  return readdir(path.join(longhaul.vault, '.jobs', id), { recursive: true }).catch(() => []);
}

describe('an archive against its source', { timeout: START_TIMEOUT_MS }, () => {
  test('differs nowhere while a database is unchanged, and keeps no work file', async () => {
    const archive = await backedUp('nasty');
    const job = await longhaul.run(spec(archive, { connection: 'nasty' }));
    expect(job.result?.differences).toEqual({ same: job.result?.records, ...NONE });
    expect(job.result?.records).toBeGreaterThan(12_000);
    expect(job.progress.records).toBe(2 * job.result!.records);
    expect((await filesOf(job)).every((file) => file.startsWith('differences'))).toBe(true);
    const names = job.streams.map(({ name }) => name.split('/')[0]);
    expect(new Set(names)).toEqual(new Set(['against', 'archive']));
  });

  test('differs nowhere while an API is unchanged', async () => {
    const archive = await backedUp('api');
    const job = await longhaul.run(spec(archive, { connection: 'api' }));
    expect(job.result?.differences).toEqual({ same: CONTACTS.length + NASTY_RECORDS.length, ...NONE });
  });

  test('fails naming exactly the rows that were added, changed and removed; a retry begins anew', async () => {
    const archive = await backedUp('people');
    await sql(
      people,
      `INSERT INTO people VALUES (${ROWS + 1}, 'new', NULL), (9007199254740993, 'newer', NULL);
       DELETE FROM people WHERE id IN (7, 59999); UPDATE people SET note = '!' || note WHERE id = 30000;
       INSERT INTO logs VALUES (NULL, 'late');`,
    );
    const job = await longhaul.run(spec(archive, { connection: 'people' }), 'failed');
    expect(job.result?.differences).toEqual({
      same: ROWS - 3 + 1_000,
      added: 3,
      removed: 2,
      changed: 1,
      duplicates: 0,
    });
    expect(job.error).toMatchObject({
      code: 'archive_differs',
      message: expect.stringContaining('3 added, 2 removed, 1 changed') as string,
    });
    const differences = [
      'added logs',
      `added people ${ROWS + 1}`,
      'added people 9007199254740993',
      'changed people 30000',
      'removed people 59999',
      'removed people 7',
    ];
    expect(await differencesOf(job)).toEqual(differences.toSorted());
    const { largest } = await jobHistory(longhaul.temporal, job.id);
    expect(largest).toBeLessThan(16_384);

    const picked = await longhaul.run(spec(archive, { connection: 'people' }, ['logs']), 'failed');
    expect(await differencesOf(picked)).toEqual(['added logs']);

    await sql(
      people,
      `DELETE FROM people WHERE id > ${ROWS}; DELETE FROM logs WHERE at IS NULL;
       INSERT INTO people VALUES (7, 'name 7', repeat('n', 7)), (59999, 'name 59999', repeat('n', 49));
       UPDATE people SET note = substr(note, 2) WHERE id = 30000;`,
    );
    const again = await longhaul.retried(job);
    expect(again.result?.differences).toEqual({ same: ROWS + 1_000, ...NONE });
    expect(await differencesOf(again)).toEqual([]);
  });

  test('says the same when its worker is killed in the midst of it', async () => {
    const archive = await backedUp('api', ['contacts']);
    const requests = api.requests.length;
    const hold = api.hold('contacts', 27);
    const { id } = await longhaul.post(spec(archive, { connection: 'api' }, ['contacts']));
    await hold.reached();
    const killed = await longhaul.workerPids();
    await Promise.all(killed.map((pid) => kill(pid)));
    hold.release();
    const job = await longhaul.waitFor(id, 'it completes', ({ state }) => state === 'completed');
    expect(api.requests.length).toBeGreaterThan(requests + CONTACTS.length / PAGE);
    expect(job.result?.differences).toEqual({ same: CONTACTS.length, ...NONE });
    expect((await filesOf(job)).filter((file) => file.startsWith('compare'))).toEqual([]);
  });

  test('leaves nothing when it is cancelled', async () => {
    const archive = await backedUp('api', ['contacts']);
    const hold = api.hold('contacts', 20);
    const job = await longhaul.post(spec(archive, { connection: 'api' }, ['contacts']));
    await hold.reached();
    await longhaul.steer(job.id, 'cancel');
    hold.release();
    expect((await longhaul.ended(job.id)).state).toBe('cancelled');
    expect(await filesOf(job)).toEqual([]);
  });
});

describe('an archive against another', { timeout: START_TIMEOUT_MS }, () => {
  test('names what differs between them', async () => {
    const [before, other] = [await backedUp('people'), await backedUp('api', ['contacts'])];
    await sql(people, `UPDATE people SET name = 'other' WHERE id = 5`);
    const after = await backedUp('people');
    await sql(people, `UPDATE people SET name = 'name 5' WHERE id = 5`);
    const job = await longhaul.run(spec(before, { connection: 'vault', archive: after }), 'failed');
    expect(await differencesOf(job)).toEqual(['changed people 5']);
    await longhaul.run(spec(after, { connection: 'vault', archive: after }));
    const apart = await longhaul.run(
      spec(other, { connection: 'vault', archive: before }, ['contacts', 'logs']),
      'failed',
    );
    expect(apart.result).toMatchObject({
      differences: { same: 0, added: 1_000, removed: CONTACTS.length, changed: 0 },
      notes: ['Only in the archive: contacts.', 'Only in what it is compared with: logs.'],
    });
  });

  test('that is damaged is named as damaged', async () => {
    const [whole, damaged] = [await backedUp('people'), await backedUp('people')];
    const segments = await readdir(path.join(longhaul.vault, damaged, 'people'), { recursive: true });
    const segment = segments.find((name) => name.endsWith('.zst'))!;
    await rm(path.join(longhaul.vault, damaged, 'people', segment));
    for (const [archive, against] of [
      [damaged, whole],
      [whole, damaged],
    ] as const) {
      const job = await longhaul.run(spec(archive, { connection: 'vault', archive: against }), 'failed');
      expect(job.error).toMatchObject({
        code: 'archive_damaged',
        message: expect.stringContaining(`${damaged}/people/${segment} is missing`) as string,
      });
    }
  });

  test('of another encoding is refused by name', async () => {
    const [csv, jsonl] = [await backedUp('people', ['logs']), await backedUp('api', ['nasty'])];
    await sql(postgres.url, `CREATE TABLE IF NOT EXISTS contacts (id int PRIMARY KEY)`);
    const contacts = await backedUp('nasty', ['contacts']);
    const job = await longhaul.run(spec(contacts, { connection: 'api' }, ['contacts']), 'failed');
    expect(job.error).toMatchObject({
      code: 'connection_unsuitable',
      message: expect.stringContaining('Stream contacts is csv in the archive and jsonl') as string,
    });
    const unknown = await longhaul.run(spec(csv, { connection: 'vault', archive: jsonl }, ['no']), 'failed');
    expect(unknown.error?.code).toBe('stream_unknown');
  });
});
