// Rows and position commit together, and only for the newest writer: whoever else still writes loses everything.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type { Page, Sink, Stream, Target } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { collect, testContext } from '../support/reading.js';
import { archiveOf, restoreInto, sinkOn, type DatabaseArchive } from '../support/restoring.js';
import { until } from '../support/until.js';

const TARGET: Target = { stream: 'plain', partition: '0', index: 0 };
const LOST = { code: 'handover' };

let server: TestPostgres;
let archive: DatabaseArchive;
let streams: Stream[];
beforeAll(async () => {
  server = await startPostgres();
  await sql(
    server.url,
    `CREATE TABLE plain (id integer, note text);
     INSERT INTO plain SELECT i, repeat('n', 300) || i FROM generate_series(1, 20000) i`,
  );
  archive = await archiveOf(server.url);
  streams = await collect(archive.source().streams(testContext()));
});
afterAll(async () => {
  await archive?.dispose();
  await server?.close();
});

const rows = (...ids: number[]): Page => ({
  payload: {
    format: 'csv',
    header: Buffer.from('id,note\n'),
    chunks: [Buffer.from(ids.map((id) => `${id},x\n`).join(''))],
  },
  records: ids.length,
  next: null,
});
const crumb = (records: number, done = false) => ({
  cursor: { at: records },
  done,
  tallies: { ...NO_TALLIES, records },
});

/** A job that has begun on a database of its own. */
async function begun() {
  const url = await server.database();
  await sql(url, 'CREATE TABLE plain (id integer, note text)');
  const sink = () => sinkOn(url);
  await sink().begin(testContext(), streams);
  const open = (at: Sink, state: Json | null) => at.open(testContext(), TARGET, state);
  const ids = async () => (await sql(url, 'SELECT id FROM plain ORDER BY id')).map(({ id }) => id);
  return { url, sink, open, ids };
}

describe('of two writers of a partition', () => {
  test('the one before loses its batch at once, in the midst of it, and the new one is not held up', async () => {
    const { sink, open, ids } = await begun();
    const zombie = await open(sink(), null);
    await zombie.write(rows(1, 2));
    const writer = await open(sink(), null);
    await writer.write(rows(1, 2, 3));
    const state = await writer.flush(crumb(3));
    await expect(zombie.flush(crumb(2))).rejects.toMatchObject({ code: 'source_unreachable' });
    await zombie.abort();
    expect([await ids(), state]).toEqual([[1, 2, 3], { seq: 1, records: 3, bytes: 0 }]);
  });

  test('the one before cannot begin another batch, and does not end the new one', async () => {
    const { sink, open, ids } = await begun();
    const zombie = await open(sink(), null);
    const first = await zombie.flush(crumb(0));
    const writer = await open(sink(), first);
    await writer.write(rows(1));
    const late = zombie.write(rows(7)).catch((error: unknown) => error);
    const state = await writer.flush(crumb(1));
    expect(await late).toMatchObject(LOST);
    await writer.write(rows(2));
    await writer.flush(crumb(2, true));
    expect([await ids(), state]).toEqual([[1, 2], { seq: 2, records: 1, bytes: 0 }]);
  });

  test('the one that knows less than was committed cannot open', async () => {
    const { sink, open, ids } = await begun();
    const writer = await open(sink(), null);
    await writer.write(rows(1));
    await writer.flush(crumb(1));
    await expect(open(sink(), null)).rejects.toMatchObject(LOST);
    const found = await sink().recover!(testContext(), TARGET, null);
    expect(found).toMatchObject({ cursor: { at: 1 }, done: false, sink: { seq: 1, records: 1 } });
    const next = await open(sink(), found!.sink);
    await next.write(rows(2));
    await next.flush(crumb(2));
    expect(await ids()).toEqual([1, 2]);
  });
});

describe('the committed position', () => {
  test('is the truth, also where more was heard of than the target holds', async () => {
    const { sink } = await begun();
    const heard = { seq: 3, records: 30, bytes: 300 };
    const found = await sink().recover!(testContext(), TARGET, heard);
    expect(found).toMatchObject({ cursor: null, done: false, sink: null });
  });

  test('is gone with the job, and a writer that comes late loses', async () => {
    for (const end of ['seal', 'discard'] as const) {
      const { url, sink, open, ids } = await begun();
      const writer = await open(sink(), null);
      await writer.write(rows(1));
      const state = await writer.flush(crumb(1, true));
      await writer.write(rows(2));
      const heads = [{ ...TARGET, state, records: 1 }];
      const ending = () =>
        end === 'seal'
          ? sink().seal(testContext(), { heads, settled: null, report: {} })
          : sink().discard(testContext());
      const [first, again] = [await ending(), await ending()];
      expect(again).toEqual(first);
      const lost = end === 'seal' ? LOST : { code: 'source_unreachable' };
      await expect(writer.flush(crumb(2, true))).rejects.toMatchObject(lost);
      await writer.abort();
      await expect(open(sink(), null)).rejects.toMatchObject(LOST);
      await expect(sink().begin(testContext(), streams)).rejects.toMatchObject({ code: 'chain_broken' });
      expect([await ids(), await sql(url, 'SELECT 1 FROM longhaul.positions')]).toEqual([[1], []]);
    }
  });

  test('must agree with what the job knows, or the job is not sealed', async () => {
    const { sink, open } = await begun();
    const writer = await open(sink(), null);
    await writer.write(rows(1));
    const state = await writer.flush(crumb(1, true));
    const heads = [{ ...TARGET, state, records: 2 }];
    await expect(sink().seal(testContext(), { heads, settled: null, report: {} })).rejects.toMatchObject({
      code: 'chain_broken',
    });
  });
});

test.for([
  ['', false],
  [' with rejects', true],
] as const)(
  'a restore%s whose sessions are ended in the midst of batches, again and again, comes to the same rows',
  async ([, rejects]) => {
    const url = await server.database();
    const stops = [1500, 3500, 5500, 9500, 15500, 19500];
    await sql(
      url,
      `CREATE TABLE plain (id integer, note text);
     CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(NEW.id); RETURN NEW; END';
     CREATE TRIGGER stand BEFORE INSERT ON plain FOR EACH ROW WHEN (NEW.id % 1000 = 500) EXECUTE FUNCTION stand()`,
    );
    const holder = new Client({ connectionString: url });
    await holder.connect();
    for (const stop of stops) await holder.query('SELECT pg_advisory_lock($1)', [stop]);
    const restoring = () => restoreInto(url, archive, { rejects, policy: { pages: 1 } });
    for (const stop of stops) {
      const broken = restoring().catch((error: unknown) => error);
      await until(`row ${stop} stands in its batch`, async () => (await sql(url, standing(stop))).length > 0);
      await sql(url, END_SESSIONS);
      expect(await broken).toMatchObject({ cause: { code: 'source_unreachable' } });
      await holder.query('SELECT pg_advisory_unlock($1)', [stop]);
    }
    expect(await restoring()).toMatchObject({ records: 20_000 });
    await holder.end();
    const [same] = await sql(url, 'SELECT count(*), count(DISTINCT id) AS ids, max(id) FROM plain');
    expect(same).toEqual({ count: '20000', ids: '20000', max: 20000 });
  },
);

const standing = (row: number): string =>
  `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${row} AND NOT granted`;

const END_SESSIONS = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'longhaul' AND datname = current_database()`;
