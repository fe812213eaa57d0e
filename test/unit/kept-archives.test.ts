// Archives that earlier versions wrote, one folder a format: today's code reads, verifies and restores each of them.
// They are never written anew. A new format number gets a folder of its own beside them.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withColumns } from '../../src/activities/columns.js';
import { FORMAT, FORMAT_WITH_BASES } from '../../src/archive/format.js';
import { createArchiveSource } from '../../src/archive/source.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Source, Stream } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';
import { readArchive } from '../support/archive-reader.js';
import { storeIn, verifyArchive } from '../support/archives.js';
import { treeOf } from '../support/file-tree.js';
import { restoreObjects } from '../support/objects.js';
import { sql, startPostgres, type TestPostgres } from '../support/postgres.js';
import { collect, testContext } from '../support/reading.js';
import { restoreInto, type DatabaseArchive } from '../support/restoring.js';

const FOLDER = fileURLToPath(new URL('../archives', import.meta.url));

/** By format and archive: the hash of what each stream holds, and how many records. */
const KEPT = {
  'format-1': {
    'records-zstd': {
      contacts: [60, 'be0d306bbbcb87e3bd1cea21d9033563305dcd6cfc4bee6eb6fb8378c34ffe7d'],
      nothing: [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      odd: [20, '2f7b66ae87bcc6e3b95ec06418ceb324fb3afc9893e192bf7cec9dc61c33739e'],
    },
    'records-gzip': {
      contacts: [60, 'be0d306bbbcb87e3bd1cea21d9033563305dcd6cfc4bee6eb6fb8378c34ffe7d'],
      nothing: [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      odd: [20, '2f7b66ae87bcc6e3b95ec06418ceb324fb3afc9893e192bf7cec9dc61c33739e'],
    },
    tables: {
      people: [60, 'f2b0aa84bd942d47abee78309ce3f0965c87fda097d72c8d77173de3daa984d3'],
      visits: [60, 'cc0c7d85b91544793621c7a0113931eb9099c17f7c38a409f70280974ffeed2e'],
    },
    objects: { photos: [4, '69072aa5c0fb214349939ace3fac1b951eef15b6744667779e6bb1cd168ae36a'] },
  },
  'format-2': {
    photos: { photos: [5, '95bd519ef9670e72c822ece64739fb5e423b873d34d71ecc54586e0ae5f32bb1'] },
    'photos-later': { photos: [5, '426f102bd82c11d89007fe04895cfa5b2f56cda31bc3577bdb2eb77f7c0ced7d'] },
  },
} as const satisfies Record<string, Record<string, Streams>>;

/** What the folder held that each is of; `photos-later` refers to `photos` for three of its objects. */
const OBJECTS = [
  [
    'format-1',
    'objects',
    [
      '"a/b/objekt ü.bin" 4 f474676c75e488e84e18f37502e7fc3e7b8850471fae5251290ff6cc4c8843bc 640 1700000000250',
      '"a/hello.txt" 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 640 1700000000250',
      '"empty" 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 640 1700000000250',
      '"z/large.bin" 20000 69038544796bf9be33f8690bb3b038c834d824a2e440860f61c88511718de597 640 1700000000250',
    ],
  ],
  [
    'format-2',
    'photos-later',
    [
      '"a/b/objekt ü.bin" 4 7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c 640 1700000000250',
      '"a/hello.txt" 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 640 1700000000250',
      '"changed" 8 857a3870b740a360671b6944fa82cd6f3544179c712a6332e1deaa69f1e176d1 640 1700000000250',
      '"empty" 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 640 1700000000250',
      '"z/large.bin" 20000 edfc00c6ef477290e51f221614c5f93bab0323668034a9219ca06b0990a35542 640 1700000000250',
    ],
  ],
] as const;
/** Told by PostgreSQL of the tables that `tables` is of. */
const TABLES = [
  ['people', 'id', 'de1fe184b6d86b4cc1195681823b6b26'],
  ['visits', 'person', '50594837587f8ecee1104191c12fb083'],
] as const;

type Streams = Readonly<Record<string, readonly [number, string]>>;

let root: string;

/** Copies, so that nothing that reads them can change them. */
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'kept-'));
  await cp(FOLDER, root, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

test('there are archives of each format, and none that is not told here', async () => {
  expect(await readdir(FOLDER)).toEqual(Object.keys(KEPT));
  const formats = [FORMAT, FORMAT_WITH_BASES].map((format) => `format-${format.split('/')[1]}`);
  expect(Object.keys(KEPT)).toEqual(formats);
  for (const [format, archives] of Object.entries(KEPT)) {
    const names = (await readdir(path.join(FOLDER, format))).filter((name) => name !== '.refs');
    expect(names.toSorted()).toEqual(Object.keys(archives).toSorted());
  }
});

/** How many records a stream has, and the hash of them. */
async function readThrough(source: Source, stream: Stream): Promise<[number, string]> {
  const hash = createHash('sha256');
  let records = 0;
  for (const partition of await collect(source.partitions(testContext(), stream, 2))) {
    for await (const page of source.read(testContext(), stream.name, partition, null)) {
      records += page.records;
      for (const chunk of page.payload.chunks) hash.update(chunk);
    }
  }
  return [records, hash.digest('hex')];
}

/** Of CSV and tar a reader takes off what each segment has at its head or end: of those the hashes are others. */
function countsOf(streams: Streams): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(streams).map(([name, [records]]) => [name, [records, expect.any(String)]]),
  );
}

describe.each(Object.entries(KEPT))('an archive of %s', (format, archives) => {
  const storeOf = (): Store => storeIn(path.join(root, format));

  test.each(Object.entries(archives))('that holds %s is read', async (name, streams) => {
    const source = createArchiveSource(storeOf(), name, { onDamage: 'fail' });
    const seen: Record<string, [number, string]> = {};
    for (const stream of await collect(source.streams(testContext())))
      seen[stream.name] = await readThrough(source, stream);
    await source.close();
    expect(seen).toEqual(name.startsWith('records') ? streams : countsOf(streams));
  });

  test.each(Object.entries(archives))(
    'that holds %s is read as its description tells',
    async (name, streams) => {
      const archive = await readArchive(path.join(root, format, name));
      for (const [stream, [, expected]] of Object.entries<Streams[string]>(streams)) {
        const hash = createHash('sha256');
        for await (const content of archive.contents(stream)) hash.update(content);
        expect(hash.digest('hex')).toBe(expected);
      }
    },
  );

  test.each(Object.entries(archives))('that holds %s is verified', async (name, streams) => {
    const { records, findings } = await verifyArchive(storeOf(), 3, name);
    const counts = Object.values<Streams[string]>(streams).map(([count]) => count);
    expect({ records, findings }).toEqual({ records: counts.reduce((a, b) => a + b), findings: [] });
  });
});

test.each(OBJECTS)('the objects of %s/%s are restored into a folder', async (format, name, expected) => {
  const folder = path.join(root, 'restored', format);
  const to = createFileConnection('disk', { type: 'file', path: folder, streams: { photos: {} } });
  await restoreObjects(archiveOf(format, name), to);
  expect(await treeOf(path.join(folder, 'photos'))).toEqual(expected);
});

describe('an archive of format-1 is restored into a database', () => {
  let postgres: TestPostgres;
  beforeAll(async () => void (postgres = await startPostgres()));
  afterAll(() => postgres?.close());

  test('that holds tables', async () => {
    await restoreInto(postgres.url, archiveOf('format-1', 'tables'), { create: true });
    for (const [table, key, md5] of TABLES) {
      const told = `SELECT md5(string_agg(t::text, E'\\n' ORDER BY ${key})) FROM ${table} t`;
      expect(await sql(postgres.url, told)).toEqual([{ md5 }]);
    }
  });

  test.each(['records-zstd', 'records-gzip'])('that holds %s', async (name) => {
    const url = await postgres.database();
    await sql(url, 'CREATE TABLE contacts (id bigint PRIMARY KEY, name text, price numeric)');
    await restoreInto(url, archiveOf('format-1', name), { streams: ['contacts'] });
    const told = 'SELECT count(*)::int, max(id)::text AS id, max(price)::text AS price FROM contacts';
    expect(await sql(url, told)).toEqual([{ count: 60, id: '9007199254741052', price: '59.10' }]);
  });
});

function archiveOf(format: string, name: string): DatabaseArchive {
  const store = storeIn(path.join(root, format));
  return {
    store,
    folder: path.join(root, format, name),
    source: () => withColumns(createArchiveSource(store, name, { onDamage: 'fail' })),
    dispose: async () => undefined,
  };
}
