// The archive in a folder under the suite for all sinks; read back by a reader of its own.
import { access, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Store } from '../../src/core/store.js';
import { readArchive } from '../support/archive-reader.js';
import { createFaultyStore } from '../support/faulty-store.js';
import { describeSink, type SinkUnderTest } from './sink-suite.js';

const ARCHIVE = 'nightly/a-1';
type Compression = 'zstd' | 'gzip' | 'none';

const reason = 'the same steps as with zstd, where it runs';
const skip = [
  { test: 'publishes the same whichever step breaks', reason },
  { test: 'clears away everything whichever step of giving up breaks', reason },
];

describeSink('the archive (zstd)', { open: () => openArchive('zstd') });
describeSink('the archive (gzip)', { open: () => openArchive('gzip'), skip });
describeSink('the archive (none)', { open: () => openArchive('none'), skip });

async function openArchive(compression: Compression): Promise<SinkUnderTest> {
  const root = await mkdtemp(path.join(tmpdir(), 'archive-sink-'));
  const sinkOn = (store: Store, jobId: string) =>
    createArchiveSink(store, {
      path: ARCHIVE,
      archiveId: 'a-1',
      jobId,
      createdAt: '2026-01-02T03:04:05.000Z',
      compression,
      source: { connection: 'crm', type: 'http' },
      // Every page that follows another one begins a new segment.
      segmentBytes: 8,
      now: () => Date.UTC(2026, 0, 3),
    });
  const folder = path.join(root, ARCHIVE);
  const faulty: Store[] = [];
  return {
    sink: () => sinkOn(storeIn(root), 'job-1'),
    rival: () => sinkOn(storeIn(root), 'job-2'),
    breaking: (fault) => {
      const store = createFaultyStore(storeIn(root), fault);
      faulty.push(store);
      return { sink: sinkOn(store, 'job-1'), broken: () => store.broken() };
    },
    published: () => contentsOf(folder),
    leftovers: () => leftoversOf(root, folder),
    dispose: async () => {
      for (const store of faulty.splice(0)) await store.close();
      await rm(root, { recursive: true, force: true });
      await mkdir(root);
    },
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
  known.add(path.join(root, path.dirname(ARCHIVE)));
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
