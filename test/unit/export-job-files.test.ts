// The files of an export: all of them in one order, from any place on, and each by its name.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createExportSink } from '../../src/export/sink.js';
import { openExportFiles } from '../../src/export/job-files.js';
import { hashOf, storeIn } from '../support/archives.js';
import { collect } from '../support/reading.js';
import { jsonPage, runJob, stream } from '../support/writing.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'export-files-'));
  const sink = createExportSink(storeIn(root), {
    path: 'out/e-1',
    id: 'e-1',
    jobId: 'job-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    as: { format: 'jsonl', compression: 'none' },
    source: { connection: 'crm', type: 'http' },
    fileBytes: 8,
    pieceBytes: 8,
  });
  const flushes = ['{"id":1}', '{"id":2}', '{"id":3}'].map((record) => [jsonPage(record)]);
  await runJob(sink, {
    streams: [stream('Ünter/contacts'), stream('empty')],
    parts: [{ target: { stream: 'Ünter/contacts', partition: '0', index: 0 }, flushes }],
  });
});
afterEach(() => rm(root, { recursive: true }));

const open = (job = 'job-1') => openExportFiles(storeIn(root), 'out/e-1', job);

describe('the files of an export', () => {
  test('are every object of it, as it is stored', async () => {
    const files = (await collect((await open()).list())).map(({ file }) => file);
    const stored = await collect(storeIn(root).list('out/e-1'));
    expect(files.map((file) => `out/e-1/${file.path}`).toSorted()).toEqual(
      stored.map((object) => object.path).toSorted(),
    );
    for (const file of files) {
      const bytes = await readFile(path.join(root, 'out/e-1', file.path));
      expect([file.bytes, file.sha256]).toEqual([bytes.length, hashOf(bytes)]);
    }
    expect(files.slice(0, 2).map((file) => [file.path, file.records])).toEqual([
      ['export.json', null],
      ['report.json', null],
    ]);
    expect(files.reduce((sum, { records }) => sum + (records ?? 0), 0)).toBe(3);
    expect(files.length).toBeGreaterThan(4);
  });

  test('go on from each place, and are found by name', async () => {
    const files = await open();
    const all = await collect(files.list());
    for (const [at, { file, place, next }] of all.entries()) {
      expect(await collect(files.list(place))).toEqual(all.slice(at));
      expect(await collect(files.list(next))).toEqual(all.slice(at + 1));
      expect(await files.find(file.path, place)).toEqual(file);
    }
    expect(await files.find('../e-1/export.json')).toBeNull();
    expect(await files.find('.work/job.json')).toBeNull();
  });

  test('are not those of another job that took the place', async () => {
    await expect(open('job-2')).rejects.toMatchObject({ code: 'archive_missing' });
  });
});
