// Foreign keys that close a circle are off while rows come, and are there again however the job ends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stream } from '../../src/core/connector.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import { copyOut } from '../support/copy-out.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { collect, testContext } from '../support/reading.js';
import { RELATED, RELATED_ROWS, relatedTables } from '../support/related-tables.js';
import { archiveOf, restoreInto, sinkOn, type DatabaseArchive } from '../support/restoring.js';

const MADE = relatedTables({ circles: true });
/** Two tables that refer to each other, one of them to itself, by constraints of every manner. */
const CLUB = `
  CREATE TABLE members (id integer PRIMARY KEY, mentor integer, club integer);
  CREATE TABLE clubs (id integer PRIMARY KEY, head integer, twin integer);
  ALTER TABLE members ADD CONSTRAINT "the ""mentor""" FOREIGN KEY (mentor) REFERENCES members ON DELETE SET NULL,
    ADD CONSTRAINT club FOREIGN KEY (club) REFERENCES clubs DEFERRABLE INITIALLY DEFERRED;
  ALTER TABLE clubs ADD CONSTRAINT head FOREIGN KEY (head) REFERENCES members ON UPDATE CASCADE,
    ADD CONSTRAINT twin FOREIGN KEY (twin) REFERENCES clubs NOT VALID;`;
const CLUB_ROWS = `
  SET CONSTRAINTS ALL DEFERRED;
  INSERT INTO members SELECT i, CASE WHEN i < 2000 THEN i + 1 END, i FROM generate_series(1, 2000) i;
  INSERT INTO clubs SELECT i, i, i FROM generate_series(1, 2000) i;`;
const FOREIGN_KEYS = `
  SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
  FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2`;

let server: TestPostgres;
let source: string;
let archive: DatabaseArchive;
let club: string;
let clubs: DatabaseArchive;
beforeAll(async () => {
  server = await startPostgres();
  source = await databaseWith(MADE + RELATED_ROWS);
  archive = await archiveOf(source);
  club = await databaseWith(`BEGIN; ${CLUB}${CLUB_ROWS} COMMIT;`);
  clubs = await archiveOf(club);
});
afterAll(async () => {
  await archive?.dispose();
  await clubs?.dispose();
  await server?.close();
});

describe('a restore into tables that are there', () => {
  test('takes off what closes a circle and nothing else, and adds it again as it was', async () => {
    const url = await databaseWith(MADE);
    const before = await sql(url, FOREIGN_KEYS);
    const summary = await restoreInto(url, archive, { policy: { pages: 2 } });
    expect(summary.notes).toEqual([
      'constraint a_items_parent of a_items was taken off for the load and added again after it.',
      'constraint z_people_first of z_people was taken off for the load and added again after it.',
    ]);
    for (const { table, key } of RELATED)
      expect(String(await copyOut(url, table, key))).toBe(String(await copyOut(source, table, key)));
    expect(await sql(url, FOREIGN_KEYS)).toEqual(before);
    expect(await sql(url, 'SELECT FROM longhaul.constraints')).toEqual([]);
  });

  test('brings back names, actions, deferral and NOT VALID of them', async () => {
    const url = await databaseWith(CLUB);
    const before = await sql(url, FOREIGN_KEYS);
    await restoreInto(url, clubs, { policy: { pages: 1 } });
    expect(await sql(url, FOREIGN_KEYS)).toEqual(before);
    expect(await sql(url, 'SELECT count(*), sum(mentor) FROM members')).toEqual(
      await sql(club, 'SELECT count(*), sum(mentor) FROM members'),
    );
  });

  test('does so with mode upsert, and with tables that it makes beside', async () => {
    const url = await databaseWith(CLUB);
    const before = await sql(url, FOREIGN_KEYS);
    await sql(url, 'INSERT INTO members VALUES (7, NULL, NULL)');
    await restoreInto(url, clubs, { mode: 'upsert' });
    expect(await sql(url, FOREIGN_KEYS)).toEqual(before);
    const made = await server.database();
    const { notes } = await restoreInto(made, clubs, { create: true });
    expect([notes, (await sql(made, FOREIGN_KEYS)).length]).toEqual([undefined, 4]);
  });

  test('fails by the name of the constraint where rows do not keep to it, and goes on when they do', async () => {
    const url = await databaseWith(`BEGIN; ${CLUB}${CLUB_ROWS} COMMIT;`);
    await sql(url, 'ALTER TABLE members DROP CONSTRAINT "the ""mentor"""');
    await sql(url, 'UPDATE members SET mentor = 99999 WHERE id = 3');
    const broken = await archiveOf(url);
    const target = await databaseWith(CLUB);
    const failed = restoreInto(target, broken);
    await expect(failed).rejects.toMatchObject({
      code: 'record_refused',
      message: expect.stringMatching(
        /table public.members, constraint the "mentor", a row refers to one/,
      ) as string,
    });
    expect(await sql(target, 'SELECT stream, name FROM longhaul.constraints ORDER BY name')).toEqual([
      { stream: 'members', name: 'club' },
      { stream: 'members', name: 'the "mentor"' },
    ]);
    await sql(target, 'INSERT INTO members VALUES (99999)');
    await restoreInto(target, broken);
    expect(await sql(target, FOREIGN_KEYS)).toHaveLength(4);
    await broken.dispose();
  });

  test('is refused before anything is written where the role is not the owner', async () => {
    const url = await databaseWith(
      `${CLUB} DROP ROLE IF EXISTS writer; CREATE ROLE writer LOGIN PASSWORD 'writer';
       GRANT SELECT, INSERT ON members, clubs TO writer`,
    );
    const writer = Object.assign(new URL(url), { username: 'writer', password: 'writer' });
    await expect(restoreInto(writer.href, clubs)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringMatching(
        /constraint .* closes a circle, and the role may not take it off/,
      ) as string,
      hint: expect.stringContaining('Use the owner of the table') as string,
    });
    expect(await sql(url, `SELECT to_regclass('longhaul.jobs') AS jobs`)).toEqual([{ jobs: null }]);
    expect(await sql(url, FOREIGN_KEYS)).toHaveLength(4);
  });
});

describe('a job that is given up', () => {
  test('has its constraints back, and says in the target what stays', async () => {
    const { url, sink } = await begun();
    expect(await sql(url, FOREIGN_KEYS)).toHaveLength(1);
    const writer = await sink().open(testContext(), MEMBERS, null);
    await writer.write(members('1,,\n'));
    await writer.flush({ cursor: null, done: true, tallies: { ...NO_TALLIES, records: 1 } });
    await writer.write(members('2,,\n'));
    await sink().discard(testContext());
    await sink().discard(testContext());
    expect(await sql(url, 'SELECT id FROM members')).toEqual([{ id: 1 }]);
    expect(await sql(url, FOREIGN_KEYS)).toEqual(await sql(await databaseWith(CLUB), FOREIGN_KEYS));
    expect(await notesOf(url)).toEqual([
      '1 records of members were written and stay.',
      'constraint twin of clubs was taken off for the load and added again after it.',
      'constraint club of members was taken off for the load and added again after it.',
      'constraint the "mentor" of members was taken off for the load and added again after it.',
    ]);
    await writer.abort();
  });

  test('has those as NOT VALID that its rows do not keep to, with what to do about it', async () => {
    const { url, sink } = await begun();
    await sql(url, 'INSERT INTO members VALUES (1, 99, NULL)');
    await sink().discard(testContext());
    const keys = await sql(url, FOREIGN_KEYS);
    expect(keys.find(({ name }) => name === 'the "mentor"')).toMatchObject({
      definition: 'FOREIGN KEY (mentor) REFERENCES members(id) ON DELETE SET NULL NOT VALID',
    });
    const note = (await notesOf(url)).at(-1)!;
    expect(note).toContain('constraint the "mentor" of members was added again as NOT VALID');
    await sql(url, 'UPDATE members SET mentor = NULL');
    await sql(url, note.slice(note.indexOf('ALTER')));
    expect(await sql(url, FOREIGN_KEYS)).toEqual(await sql(await databaseWith(CLUB), FOREIGN_KEYS));
  });

  test('leaves alone what somebody has added meanwhile', async () => {
    const { url, sink } = await begun();
    await sql(url, 'ALTER TABLE clubs ADD CONSTRAINT twin FOREIGN KEY (twin) REFERENCES clubs');
    await sink().discard(testContext());
    expect(await sql(url, FOREIGN_KEYS)).toHaveLength(4);
  });
});

test('of two that begin a job at once, one takes constraints off', async () => {
  const url = await databaseWith(CLUB);
  const streams = await collect(clubs.source().streams(testContext()));
  const begin = async (): Promise<void> => {
    const sink = sinkOn(url);
    await sink.stages!(testContext(), streams);
    await sink.begin(testContext(), streams);
  };
  await Promise.all([begin(), begin()]);
  await begin();
  expect(await sql(url, 'SELECT name FROM longhaul.constraints')).toHaveLength(3);
});

const MEMBERS = { stream: 'members', partition: '0', index: 0 };

function members(rows: string) {
  const payload = {
    format: 'csv',
    header: Buffer.from('id,mentor,club\n'),
    chunks: [Buffer.from(rows)],
  } as const;
  return { payload, records: 1, next: null };
}

async function begun() {
  const url = await databaseWith(CLUB);
  const streams: Stream[] = await collect(clubs.source().streams(testContext()));
  const sink = () => sinkOn(url);
  const first = sink();
  await first.stages!(testContext(), streams);
  await first.begin(testContext(), streams);
  return { url, sink };
}

async function notesOf(url: string): Promise<string[]> {
  return (await sql(url, 'SELECT notes FROM longhaul.jobs'))[0]!['notes'] as string[];
}

async function databaseWith(script: string): Promise<string> {
  const url = await server.database();
  await sql(url, script);
  return url;
}
