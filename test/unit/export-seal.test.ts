// From pieces to files: what is whole is not made again, what is broken is not published, and every file opens by itself.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context, Page, Sink, Stream } from '../../src/core/connector.js';
import { Stopped } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import { readExport } from '../../src/export/read.js';
import { createExportSink, type ExportSinkOptions } from '../../src/export/sink.js';
import { storeIn } from '../support/archives.js';
import { parquetRows, readExportFolder } from '../support/export-reader.js';
import { testContext } from '../support/reading.js';
import {
  breadcrumb,
  csvPage,
  jsonPage,
  newMemory,
  REPORT,
  runJob,
  stream,
  type Memory,
  type Work,
} from '../support/writing.js';

let root: string;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'export-seal-'))));
afterEach(() => rm(root, { recursive: true }));

const TABLE: Stream = {
  ...stream('table', 'csv'),
  schema: {
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'text', type: 'text', nullable: true },
    ],
  },
};
const LIST: Stream = {
  ...stream('list'),
  schema: { sampled: true, columns: [{ name: 'id', type: 'integer' }] },
};
const EMPTY: Stream = { ...LIST, name: 'none' };

const WORK: Work = {
  streams: [LIST, EMPTY, TABLE],
  parts: [
    part('list', '0', 0, [[jsonPage('{"id":1}')], [jsonPage('{"id":2}', '{"id":3}')]]),
    part('list', '1', 1, [[jsonPage('{"id":4}')]]),
    part('none', '0', 2, [[]]),
    part('table', '0', 3, [[csvPage('1,a')], [csvPage('2,b')]]),
  ],
};

function part(stream: string, partition: string, index: number, flushes: Page[][]): Work['parts'][number] {
  return { target: { stream, partition, index }, flushes };
}

function sinkOn(store: Store, options: Partial<ExportSinkOptions> = {}): Sink {
  return createExportSink(store, {
    path: 'e-1',
    id: 'e-1',
    jobId: 'job-1',
    createdAt: '2026-01-02T03:04:05.000Z',
    as: { format: 'jsonl', compression: 'none' },
    source: { connection: 'crm', type: 'http' },
    fileBytes: null,
    ...options,
  });
}

/** Everything but the seal is done. */
async function unsealed(options: Partial<ExportSinkOptions> = {}): Promise<Memory> {
  const memory = newMemory();
  const sink = {
    ...sinkOn(storeIn(root), options),
    seal: async () => Promise.reject(new Error('stop here')),
  };
  await expect(runJob(sink, WORK, memory)).rejects.toThrow('stop here');
  return memory;
}

function seal(sink: Sink, { heads, settled }: Memory, ctx: Context = testContext()) {
  return sink.seal(ctx, { heads, settled, report: REPORT });
}

/** Hears of each object before it is begun. */
function listening(began: (path: string) => void): Store {
  const store = storeIn(root);
  return { ...store, create: async (file) => (began(file), store.create(file)) };
}

const filesIn = async (): Promise<string[]> => {
  const names = await readdir(path.join(root, 'e-1'), { recursive: true });
  return names.filter((name) => /\.\w+$/.test(name) && !name.startsWith('.work')).toSorted();
};

describe('a seal', () => {
  test('goes on after the files that an earlier one made, and makes them no second time', async () => {
    const memory = await unsealed();
    const broken = listening((file) => {
      if (file === 'e-1/none.jsonl') throw new Error('killed');
    });
    await expect(seal(sinkOn(broken), memory)).rejects.toThrow('killed');
    expect(await filesIn()).toEqual(['list.jsonl']);
    await expect(readExport(storeIn(root), 'e-1')).rejects.toMatchObject({ code: 'archive_missing' });
    const began: string[] = [];
    await seal(sinkOn(listening((file) => void began.push(file))), memory);
    expect(began.filter((file) => !file.includes('.work'))).toEqual(['e-1/none.jsonl', 'e-1/table.jsonl']);
    const { bytesOf } = await readExportFolder(path.join(root, 'e-1'));
    expect(String(await bytesOf('list'))).toBe('{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n');
    expect(await filesIn()).toEqual([
      'export.json',
      'list.jsonl',
      'none.jsonl',
      'report.json',
      'table.jsonl',
    ]);
  });

  test('makes a file again that is not the one that was made', async () => {
    const memory = await unsealed();
    const broken = listening((file) => {
      if (file === 'e-1/table.jsonl') throw new Error('killed');
    });
    await expect(seal(sinkOn(broken), memory)).rejects.toThrow('killed');
    await writeFile(path.join(root, 'e-1', 'list.jsonl'), 'cut off');
    await seal(sinkOn(storeIn(root)), memory);
    const { bytesOf } = await readExportFolder(path.join(root, 'e-1'));
    expect((await bytesOf('list'))[0]?.length).toBe(36);
  });

  test('ends in the midst of a file when it is told to stop, and leaves nothing of it', async () => {
    const memory = await unsealed();
    const ctx = testContext();
    const stopping = listening((file) => {
      if (file === 'e-1/list.jsonl') ctx.halt();
    });
    await expect(seal(sinkOn(stopping), memory, ctx)).rejects.toBeInstanceOf(Stopped);
    expect(await filesIn()).toEqual([]);
    expect(await seal(sinkOn(storeIn(root)), memory)).toMatchObject({ records: 6, files: 3 });
  });

  test.for([
    ['removed', (file: string) => rm(file)],
    ['changed', async (file: string) => writeFile(file, `${await readFile(file, 'utf8')} `)],
  ] as const)('publishes nothing over a piece that was %s', async ([, harm]) => {
    const memory = await unsealed();
    const pieces = path.join(root, 'e-1', '.work', 'pieces', 'list', '0');
    const [name] = await readdir(pieces);
    await harm(path.join(pieces, name!));
    await expect(seal(sinkOn(storeIn(root)), memory)).rejects.toMatchObject({
      code: 'chain_broken',
      message: expect.stringContaining(name!) as string,
    });
    expect(await filesIn()).toEqual([]);
  });
});

describe('files', () => {
  test('are closed with the piece that fills them, and numbered', async () => {
    const as = { format: 'csv', compression: 'none' } as const;
    await runJob(sinkOn(storeIn(root), { as, fileBytes: 9 }), WORK);
    const { content } = await readExportFolder(path.join(root, 'e-1'));
    expect(content.streams.map(({ files }) => files.map((file) => [file.path, file.records]))).toEqual([
      [
        ['list/000000.csv', 3],
        ['list/000001.csv', 1],
      ],
      [['none/000000.csv', 0]],
      [['table/000000.csv', 2]],
    ]);
    expect(await readFile(path.join(root, 'e-1/list/000001.csv'), 'utf8')).toBe('id,_extra\n4,\n');
  });

  test('of a stream without a record open like all others', async () => {
    const text = async (name: string): Promise<string> => readFile(path.join(root, name, 'none.csv'), 'utf8');
    await runJob(sinkOn(storeIn(root), { path: 'csv', as: { format: 'csv', compression: 'none' } }), WORK);
    expect(await text('csv')).toBe('id,_extra\n');
    await runJob(sinkOn(storeIn(root), { path: 'pq', as: { format: 'parquet', compression: 'none' } }), WORK);
    expect(await parquetRows(path.join(root, 'pq', 'none.parquet'))).toEqual([]);
    await runJob(sinkOn(storeIn(root), { path: 'gz', as: { format: 'jsonl', compression: 'gzip' } }), WORK);
    expect(gunzipSync(await readFile(path.join(root, 'gz', 'none.jsonl.gz')))).toEqual(Buffer.alloc(0));
    await runJob(sinkOn(storeIn(root), { path: 'zst', as: { format: 'jsonl', compression: 'zstd' } }), WORK);
    const zstd = promisify(execFile)('zstd', ['-dc', path.join(root, 'zst', 'none.jsonl.zst')]);
    await expect(zstd).resolves.toMatchObject({ stdout: '' });
  });
});

describe('columns', () => {
  test('are those that were found first, however often the job is planned', async () => {
    const as = { format: 'csv', compression: 'none' } as const;
    const sink = sinkOn(storeIn(root), { as });
    await sink.begin(testContext(), [LIST]);
    await runJob(sink, {
      ...WORK,
      streams: [{ ...LIST, schema: { sampled: true, columns: [] } }, EMPTY, TABLE],
    });
    expect(await readFile(path.join(root, 'e-1/list.csv'), 'utf8')).toBe('id,_extra\n1,\n2,\n3,\n4,\n');
  });

  test.for(['csv', 'jsonl', 'parquet'] as const)(
    'of a table that change on the way end the job (%s)',
    async (format) => {
      const sink = sinkOn(storeIn(root), { as: { format, compression: 'none' } });
      const other = { ...TABLE, schema: { columns: [{ name: 'id', type: 'integer' }] } };
      await sink.begin(testContext(), [other]);
      const writer = await sink.open(testContext(), { stream: 'table', partition: '0', index: 0 }, null);
      const written = writer.write(csvPage('1,a')).then(() => writer.flush(breadcrumb(1, true)));
      await expect(written).rejects.toMatchObject({ code: 'table_changed' });
      await writer.abort();
    },
  );

  test('that nobody told or saw are missed before anything is written', async () => {
    for (const [format, each] of [
      ['csv', { ...LIST, schema: null }],
      ['parquet', { ...LIST, schema: null }],
      ['jsonl', { ...TABLE, schema: null }],
    ] as const) {
      const sink = sinkOn(storeIn(root), { as: { format, compression: 'none' } });
      await expect(sink.begin(testContext(), [each])).rejects.toMatchObject({ code: 'format_unfit' });
      await sink.discard(testContext());
    }
  });

  test('with NULL where the table said that there is none cannot become Parquet', async () => {
    const sink = sinkOn(storeIn(root), { as: { format: 'parquet', compression: 'none' } });
    await sink.begin(testContext(), [TABLE]);
    const writer = await sink.open(testContext(), { stream: 'table', partition: '0', index: 0 }, null);
    await writer.write(csvPage('1,a', ',b'));
    await expect(writer.flush(breadcrumb(1, true))).rejects.toMatchObject({
      code: 'format_unfit',
      message: expect.stringContaining('Column id of stream table') as string,
    });
    await writer.abort();
  });
});
