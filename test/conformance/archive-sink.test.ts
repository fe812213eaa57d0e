// The archive in a folder, and in a bucket, under the suite for all sinks; read back by a reader of its own.
import { randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Sink } from '../../src/core/connector.js';
import { Stopped } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import { readArchive } from '../support/archive-reader.js';
import { createFaultyStore, createHeldUpStore, type WrappedStore } from '../support/wrapped-store.js';
import { collect, testContext } from '../support/reading.js';
import { s3Missing, startS3, storeOf, uploadsIn, type S3Server } from '../support/s3.js';
import { breadcrumb, jsonPage, newMemory, REPORT, runJob, stream, type Work } from '../support/writing.js';
import { describeSink, type SinkUnderTest } from './sink-suite.js';

const ARCHIVE = 'nightly/a-1';
type Compression = 'zstd' | 'gzip' | 'none';

const reason = 'the same steps as with zstd, where it runs';
const skip = [
  { test: 'publishes the same whichever step breaks', reason },
  { test: 'comes to one right end when two steps overlap, wherever one of them is held up', reason },
  { test: 'clears away everything whichever step of giving up breaks', reason },
];

describeSink('the archive (zstd)', { open: () => openArchive('zstd') });
describeSink('the archive (gzip)', { open: () => openArchive('gzip'), skip });
describeSink('the archive (none)', { open: () => openArchive('none'), skip });

const missing = await s3Missing();

describe.skipIf(missing)(`in a bucket${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  beforeAll(async () => void (server = await startS3()));
  afterAll(() => server.stop());
  describeSink('the archive', {
    open: async () => openArchive('zstd', placeIn(server)),
    // Twenty thousand requests, which are minutes.
    skip: [{ test: 'publishes the same whichever step breaks', reason: 'the same steps as in a folder' }],
  });
});

describe('the archive as a sink', () => {
  let root: string;
  let it: ArchiveUnderTest;
  beforeEach(async () => {
    it = await openArchive('zstd');
    root = it.root;
  });
  afterEach(() => it.dispose());

  test('refuses a folder that holds files of somebody else, and leaves them alone', async () => {
    await mkdir(path.join(root, ARCHIVE), { recursive: true });
    await writeFile(path.join(root, ARCHIVE, 'notes.txt'), 'kept');
    const begin = it.sink().begin(testContext(), WORK.streams);
    await expect(begin).rejects.toMatchObject({ code: 'archive_exists' });
    await it.sink().discard(testContext());
    expect(await readdir(path.join(root, ARCHIVE))).toEqual(['notes.txt']);
  });

  test('leaves files alone that were put beside the segments while the job ran', async () => {
    await it.sink().begin(testContext(), WORK.streams);
    await writeFile(path.join(root, ARCHIVE, 'notes.txt'), 'kept');
    await runJob(it.sink(), WORK);
    expect(await it.leftovers()).toEqual([path.join(root, ARCHIVE, 'notes.txt')]);
  });

  test('does not seal over a work file that was removed or changed', async () => {
    const memory = newMemory();
    await expect(runJob(neverSealing(it.sink()), WORK, memory, 1)).rejects.toThrow('stop here');
    const names = await readdir(path.join(root, ARCHIVE, '.work'), { recursive: true });
    const files = names.filter((name) => /^(parts|ledger)\/.*json$/.test(name));
    expect(files).toHaveLength(5);
    for (const name of files) {
      const file = path.join(root, ARCHIVE, '.work', name);
      const bytes = await readFile(file);
      for (const harm of [() => rm(file), () => writeFile(file, `${String(bytes)} `)]) {
        await harm();
        const work = { heads: memory.heads, settled: memory.settled, report: REPORT };
        const broken = { code: 'chain_broken', message: expect.stringContaining(name) as string };
        await expect(it.sink().seal(testContext(), work)).rejects.toMatchObject(broken);
        expect(await it.published()).toBeNull();
        await writeFile(file, bytes);
      }
    }
    await runJob(it.sink(), WORK, memory, 1);
    expect((await it.published())?.get('a')).toBe('1\n2\n');
  });

  test('ends the seal when it is told to stop, and can seal later', async () => {
    const memory = newMemory();
    const ctx = testContext();
    await expect(runJob(neverSealing(it.sink()), WORK, memory)).rejects.toThrow('stop here');
    ctx.halt();
    const work = { heads: memory.heads, settled: memory.settled, report: REPORT };
    await expect(it.sink().seal(ctx, work)).rejects.toBeInstanceOf(Stopped);
    expect(await it.published()).toBeNull();
    expect(await it.sink().seal(testContext(), work)).toMatchObject({ records: 3 });
  });

  test('never changes a manifest, wherever a second seal was held up', { timeout: 120_000 }, async () => {
    const manifest = path.join(root, ARCHIVE, 'manifest.json');
    for (let at = 0, more = true; more; at += 1) {
      const memory = newMemory();
      await expect(runJob(neverSealing(it.sink()), WORK, memory)).rejects.toThrow('stop here');
      const work = { heads: memory.heads, settled: memory.settled, report: REPORT };
      let first = '';
      const late = it.heldUp(at, async () => {
        await it.sink().seal(testContext(), work);
        first = await readFile(manifest, 'utf8');
      });
      await late.sink.seal(testContext(), work);
      more = late.reached() !== null;
      expect([first, ''], `at ${at}, ${late.reached()}`).toContain(
        more ? await readFile(manifest, 'utf8') : '',
      );
      await it.dispose();
    }
  });

  test('takes the longer of two chains when it finds the newest checkpoint', async () => {
    await it.sink().begin(testContext(), WORK.streams);
    const target = { stream: 'a', partition: '0', index: 0 };
    const open = () => it.sink().open(testContext(), target, null);
    const [short, long] = [await open(), await open()];
    for (const writer of [short, long]) {
      await writer.write(jsonPage('1'));
      await writer.flush(breadcrumb(1, false));
    }
    await long.write(jsonPage('2'));
    const newest = await long.flush(breadcrumb(2, false));
    const found = await it.sink().recover?.(testContext(), target, null);
    expect(found).toEqual({ ...breadcrumb(2, false), sink: newest });
  });
});

function neverSealing(sink: Sink): Sink {
  return { ...sink, seal: async () => Promise.reject(new Error('stop here')) };
}

const WORK: Work = {
  streams: [stream('a'), stream('b')],
  parts: [
    { target: { stream: 'a', partition: '0', index: 0 }, flushes: [[jsonPage('1')], [jsonPage('2')]] },
    { target: { stream: 'b', partition: '0', index: 1 }, flushes: [[jsonPage('3')]] },
  ],
};

interface ArchiveUnderTest extends SinkUnderTest {
  readonly root: string;
}

/** Where archives are put, and how a stranger sees them: as files. */
interface Place {
  readonly root: string;
  store(): Store;
  leftovers(folder: string): Promise<string[]>;
  clear(): Promise<void>;
}

async function openArchive(compression: Compression, place?: Place): Promise<ArchiveUnderTest> {
  const here = place ?? (await newFolder());
  const { root } = here;
  const sinkOn = (store: Store, jobId: string, minute = 0) =>
    createArchiveSink(store, {
      path: ARCHIVE,
      archiveId: 'a-1',
      jobId,
      createdAt: '2026-01-02T03:04:05.000Z',
      compression,
      source: { connection: 'crm', type: 'http' },
      // Every page that follows another one begins a new segment.
      segmentBytes: 8,
      now: () => Date.UTC(2026, 0, 3, 0, minute),
    });
  const folder = path.join(root, ARCHIVE);
  const open: Store[] = [];
  const wrapped = (store: WrappedStore) => {
    open.push(store);
    return { sink: sinkOn(store, 'job-1', 1), reached: () => store.reached() };
  };
  return {
    root,
    sink: () => sinkOn(here.store(), 'job-1'),
    rival: () => sinkOn(here.store(), 'job-2'),
    breaking: (fault) => wrapped(createFaultyStore(here.store(), fault)),
    heldUp: (at, meanwhile) => wrapped(createHeldUpStore(here.store(), at, meanwhile)),
    published: () => contentsOf(folder),
    leftovers: () => here.leftovers(folder),
    dispose: async () => {
      for (const store of open.splice(0)) await store.close();
      await here.clear();
    },
  };
}

async function newFolder(): Promise<Place> {
  const root = await mkdtemp(path.join(tmpdir(), 'archive-sink-'));
  return {
    root,
    store: () => storeIn(root),
    leftovers: (folder) => leftoversOf(root, folder),
    clear: async () => {
      await rm(root, { recursive: true, force: true });
      await mkdir(root);
    },
  };
}

/** A bucket has no folders, so an empty one is none; but it has uploads that nobody completed. */
function placeIn(server: S3Server): Place {
  const prefix = `archives/${randomUUID()}`;
  const config = server.connection({ prefix });
  const root = path.join(server.folder, prefix);
  return {
    root,
    store: () => storeOf(config),
    async leftovers(folder) {
      const objects = new Set(
        (await collect(storeOf(config).list(''))).map((object) => path.join(root, object.path)),
      );
      const left = await leftoversOf(root, folder).catch(() => []);
      return [...left.filter((name) => objects.has(name)), ...(await uploadsIn(config))];
    },
    clear: () => server.clear(prefix),
  };
}

async function contentsOf(folder: string): Promise<ReadonlyMap<string, string> | null> {
  if (!(await isThere(path.join(folder, 'manifest.json')))) return null;
  const archive = await readArchive(folder);
  const texts = new Map<string, string>();
  for (const { name, encoding, records } of archive.manifest.streams) {
    let text = '';
    for await (const content of archive.contents(name)) {
      text +=
        encoding === 'csv' ? content.toString('utf8').replace('id,text\n', '') : content.toString('utf8');
    }
    texts.set(name, text);
    const listed = archive.segments.filter((segment) => segment.stream === name);
    expect(listed.reduce((sum, segment) => sum + segment.records, 0)).toBe(records);
  }
  return texts;
}

/** Files and empty folders that a sealed archive does not account for; before it is sealed, all of them. */
async function leftoversOf(root: string, folder: string): Promise<string[]> {
  const known = new Set<string>();
  if (await isThere(path.join(folder, 'manifest.json'))) {
    const { segments } = await readArchive(folder);
    for (const name of ['manifest.json', 'segments.jsonl', 'report.json', ...segments.map((s) => s.path)]) {
      for (let at = path.join(folder, name); at.length > root.length; at = path.dirname(at)) known.add(at);
    }
  }
  // The last step of giving up removes the archive's own folder; who is killed just before leaves it empty.
  for (const name of [ARCHIVE, path.dirname(ARCHIVE)]) known.add(path.join(root, name));
  const all = await readdir(root, { recursive: true });
  return all.map((name) => path.join(root, name)).filter((name) => !known.has(name));
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function storeIn(folder: string): Store {
  const { store } = createFileConnection('vault', { type: 'file', path: folder });
  if (!store) throw new Error('a file connection has a store');
  return store();
}
