// The files of an archive: all of them in one order, from any place on, and each by its name.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openArchiveFiles } from '../../src/archive/files.js';
import { ARCHIVE, hashOf, sealedArchive, type TestArchive } from '../support/archives.js';
import { collect } from '../support/reading.js';
import { csvPage, jsonPage, stream } from '../support/writing.js';

let archive: TestArchive;
beforeEach(async () => {
  archive = await sealedArchive({
    streams: [stream('contacts'), stream('Empty stream'), stream('orders', 'csv')],
    parts: [
      part('contacts', '0', 0, [[jsonPage('{"id":1}')], [jsonPage('{"id":2}', '{"id":3}')]]),
      part('contacts', '1', 1, [[jsonPage('{"id":4}')]]),
      part('orders', '0', 2, [[csvPage('1,a')], [csvPage('2,b')], [csvPage('3,c')]]),
    ],
  });
});
afterEach(() => archive.dispose());

const part = (name: string, partition: string, index: number, flushes: ReturnType<typeof jsonPage>[][]) => ({
  target: { stream: name, partition, index },
  flushes,
});
const open = (job = 'job-1') => openArchiveFiles(archive.store, ARCHIVE, job);

describe('the files of an archive', () => {
  test('are every object of it, as it is stored', async () => {
    const files = (await collect((await open()).list())).map(({ file }) => file);
    const stored = await collect(archive.store.list(ARCHIVE));
    expect(files.map((file) => `${ARCHIVE}/${file.path}`).toSorted()).toEqual(
      stored.map((object) => object.path).toSorted(),
    );
    for (const file of files) {
      const bytes = await readFile(path.join(archive.folder, file.path));
      expect([file.bytes, file.sha256]).toEqual([bytes.length, hashOf(bytes)]);
    }
    expect(files.map(({ records }) => records)).toEqual([null, null, null, 1, 2, 1, 1, 1, 1]);
    expect(files.slice(0, 3).map((file) => file.path)).toEqual([
      'manifest.json',
      'report.json',
      'segments.jsonl',
    ]);
  });

  test('go on from each place', async () => {
    const files = await open();
    const all = await collect(files.list());
    for (const [at, { place, next }] of all.entries()) {
      expect(await collect(files.list(place))).toEqual(all.slice(at));
      expect(await collect(files.list(next))).toEqual(all.slice(at + 1));
    }
  });

  test('are found by name, with or without their place, and with a wrong one', async () => {
    const files = await open();
    for (const { file, place } of await collect(files.list())) {
      for (const hint of [undefined, place, 0, place + 1, 1_000_000]) {
        expect(await files.find(file.path, hint)).toEqual(file);
      }
    }
  });

  test.each([
    '',
    'nothing',
    'contacts',
    'contacts/0',
    '../a-1/manifest.json',
    '/manifest.json',
    '.work/job.json',
  ])('do not hold %j', async (name) => {
    expect(await (await open()).find(name)).toBeNull();
  });

  test('are not those of another job that took the place', async () => {
    await expect(open('job-2')).rejects.toMatchObject({ code: 'archive_missing' });
  });

  test('that are gone are named', async () => {
    await archive.store.remove(`${ARCHIVE}/report.json`);
    const listing = collect((await open()).list());
    await expect(listing).rejects.toMatchObject({
      code: 'archive_damaged',
      message: /report\.json is missing/,
    });
  });
});
