// The export in a folder under the suite for all sinks, in each format; read back by a reader of its own.
import { access, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Sink, Stream } from '../../src/core/connector.js';
import type { Store } from '../../src/core/store.js';
import type { ExportedAs } from '../../src/export/format.js';
import { createExportSink } from '../../src/export/sink.js';
import { csvFields, parquetRows, readExportFolder, type ReadExport } from '../support/export-reader.js';
import { createFaultyStore, createHeldUpStore, type WrappedStore } from '../support/wrapped-store.js';
import { describeSink, type SinkUnderTest } from './sink-suite.js';

const EXPORT = 'out/e-1';

const BREAKS = 'publishes the same whichever step breaks';
const OVERLAPS = [
  'comes to one right end when two steps overlap, wherever one of them is held up',
  'clears away everything whichever step of giving up breaks',
];
const skip = (tests: readonly string[], where: string) =>
  tests.map((test) => ({ test, reason: `the same steps as with ${where}, where it runs` }));

describeSink('the export (parquet)', {
  open: () => openExport({ format: 'parquet', compression: 'none' }, null),
  skip: skip([BREAKS], 'csv'),
});
describeSink('the export (csv, gzip)', {
  open: () => openExport({ format: 'csv', compression: 'gzip' }, 60),
  skip: skip(OVERLAPS, 'parquet'),
});
describeSink('the export (jsonl, zstd)', {
  open: () => openExport({ format: 'jsonl', compression: 'zstd' }, null),
  skip: [...skip([BREAKS], 'csv'), ...skip(OVERLAPS, 'parquet')],
});

async function openExport(as: ExportedAs, fileBytes: number | null): Promise<SinkUnderTest> {
  const root = await mkdtemp(path.join(tmpdir(), 'export-sink-'));
  const sinkOn = (store: Store, jobId: string, minute = 0): Sink => {
    const sink = createExportSink(store, {
      path: EXPORT,
      id: 'e-1',
      jobId,
      createdAt: '2026-01-02T03:04:05.000Z',
      as,
      source: { connection: 'crm', type: 'http' },
      fileBytes,
      // Every page that follows another one begins a new piece.
      pieceBytes: 8,
      now: () => Date.UTC(2026, 0, 3, 0, minute),
    });
    return { ...sink, begin: (ctx, streams) => sink.begin(ctx, streams.map(withColumns)) };
  };
  const folder = path.join(root, EXPORT);
  const open: Store[] = [];
  const wrapped = (store: WrappedStore) => {
    open.push(store);
    return { sink: sinkOn(store, 'job-1', 1), reached: () => store.reached() };
  };
  return {
    sink: () => sinkOn(storeIn(root), 'job-1'),
    rival: () => sinkOn(storeIn(root), 'job-2'),
    breaking: (fault) => wrapped(createFaultyStore(storeIn(root), fault)),
    heldUp: (at, meanwhile) => wrapped(createHeldUpStore(storeIn(root), at, meanwhile)),
    published: () => contentsOf(folder, as),
    leftovers: () => leftoversOf(root, folder),
    dispose: async () => {
      for (const store of open.splice(0)) await store.close();
      await rm(root, { recursive: true, force: true });
      await mkdir(root);
    },
  };
}

/** As a source would describe the streams of the suite: nothing was found in the sample of JSON. */
function withColumns(stream: Stream): Stream {
  if (stream.encoding === 'jsonl') return { ...stream, schema: { sampled: true, columns: [] } };
  const columns = [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'text', type: 'text', nullable: true },
  ];
  return { ...stream, schema: { columns } };
}

async function contentsOf(folder: string, as: ExportedAs): Promise<ReadonlyMap<string, string> | null> {
  if (!(await isThere(path.join(folder, 'export.json')))) return null;
  const read = await readExportFolder(folder);
  const texts = new Map<string, string>();
  for (const { name, schema } of read.content.streams) {
    const isTable = schema?.columns[0]?.name === 'id';
    texts.set(name, isTable ? await tableOf(read, name, as) : await recordsOf(read, name, as));
  }
  return texts;
}

/** The records of a stream of JSON; with no columns in the sample, `_extra` holds them whole. */
async function recordsOf(read: ReadExport, name: string, { format }: ExportedAs): Promise<string> {
  const files = await read.bytesOf(name);
  if (format === 'jsonl') return Buffer.concat(files).toString('utf8');
  const rows = format === 'csv' ? csvRows(files, '_extra') : await rowsOf(read, name);
  return rows.map((row) => `${String(Object.values(row)[0])}\n`).join('');
}

/** The records of the stream of CSV, as the suite wrote them. */
async function tableOf(read: ReadExport, name: string, { format }: ExportedAs): Promise<string> {
  const files = await read.bytesOf(name);
  if (format === 'csv') return files.map((file) => file.toString('utf8').replace('id,text\n', '')).join('');
  const rows =
    format === 'parquet'
      ? await rowsOf(read, name)
      : Buffer.concat(files)
          .toString('utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Record<string, unknown>);
  return rows.map(({ id, text }) => `${String(id)},${field(text as string | null)}\n`).join('');
}

async function rowsOf(read: ReadExport, name: string): Promise<Record<string, unknown>[]> {
  return (await Promise.all(read.pathsOf(name).map(parquetRows))).flat();
}

function csvRows(files: readonly Buffer[], header: string): Record<string, unknown>[] {
  return files.flatMap((file) => {
    const [names, ...rows] = csvFields(file.toString('utf8'));
    if (names?.join() !== header) throw new Error(`another header: ${String(names)}`);
    return rows.map((row) => Object.fromEntries(row.map((value, place) => [names[place], value])));
  });
}

function field(text: string | null | undefined): string {
  if (text === null || text === undefined) return '';
  return text === '' || /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Files and empty folders that an export does not account for; before it is there, all of them. */
async function leftoversOf(root: string, folder: string): Promise<string[]> {
  const known = new Set<string>();
  if (await isThere(path.join(folder, 'export.json'))) {
    const { content } = await readExportFolder(folder);
    const files = content.streams.flatMap((stream) => stream.files.map((file) => file.path));
    for (const name of ['export.json', 'report.json', ...files]) {
      for (let at = path.join(folder, name); at.length > root.length; at = path.dirname(at)) known.add(at);
    }
  }
  // The last step of giving up removes the export's own folder; who is killed just before leaves it empty.
  for (const name of [EXPORT, path.dirname(EXPORT)]) known.add(path.join(root, name));
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
