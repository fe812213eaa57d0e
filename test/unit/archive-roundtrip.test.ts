// What goes into an archive comes out of it, byte for byte, whatever the pages are like and whoever reads it.
import { execFile } from 'node:child_process';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createArchiveSource } from '../../src/archive/source.js';
import { readManifest } from '../../src/archive/manifest.js';
import type { Page } from '../../src/core/connector.js';
import { readArchive } from '../support/archive-reader.js';
import { ARCHIVE, sealedArchive, verifyArchive, type TestArchive } from '../support/archives.js';
import { collect, partitionsOf, readPages, testContext } from '../support/reading.js';
import { csvPage, jsonPage, stream, textsOf, type PartWork, type Work } from '../support/writing.js';

const run = promisify(execFile);
const COMPRESSIONS = ['zstd', 'gzip', 'none'] as const;
const ROUNDS = 5;

describe.for(COMPRESSIONS)('an archive (%s)', (compression) => {
  test('holds random pages byte for byte, in segments that end with the page that fills them', async () => {
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const random = createRandom(seed);
      const segmentBytes = 1 + Math.floor(random() * 2_000_000);
      const work = randomWork(random);
      const archive = await sealedArchive(work, { compression, segmentBytes });
      await expectSame(archive, work, `seed ${seed}`);
      await expectResumable(archive, `seed ${seed}`);
      expect(await verifyArchive(archive.store), `seed ${seed}`).toMatchObject({ findingsTotal: 0 });
      await archive.dispose();
    }
  });
});

describe('an archive', () => {
  test('opens a new segment once one is full, also within one flush', async () => {
    const pages = Array.from({ length: 10 }, () => jsonPage('x'.repeat(99)));
    const archive = await sealedArchive(oneStream([pages]), { segmentBytes: 250 });
    const { segments } = await readArchive(archive.folder);
    expect(segments.map((segment) => segment.bytes)).toEqual([300, 300, 300, 100]);
    expect(segments.map((segment) => segment.seq)).toEqual([0, 1, 2, 3]);
    await archive.dispose();
  });

  test('is read by the zstd and gzip commands, where they are installed', async (context) => {
    const work = oneStream([[jsonPage('a'.repeat(3_000_000), 'b')], [jsonPage('c')]]);
    for (const [compression, command] of [
      ['zstd', 'zstd'],
      ['gzip', 'gzip'],
    ] as const) {
      const archive = await sealedArchive(work, { compression });
      const { segments } = await readArchive(archive.folder);
      const files = segments.map((segment) => path.join(archive.folder, segment.path));
      const read = await run(command, ['-dc', ...files], { maxBuffer: 10_000_000 }).catch(notInstalled);
      await archive.dispose();
      context.skip(read === null, `${command} is not installed`);
      expect(read?.stdout === work.parts.map(textsOf).join('')).toBe(true);
    }
  });

  test('is read and checked by the commands of docs/archive-format.md, where they are installed', async (context) => {
    const installed = await run('sh', ['-c', 'command -v bash jq zstd sha256sum']).catch(() => null);
    context.skip(installed === null, 'needs bash, jq, zstd and sha256sum');
    const work = {
      streams: [stream('contacts'), stream('other')],
      parts: [
        {
          target: { stream: 'contacts', partition: '0', index: 0 },
          flushes: [[jsonPage('1', '2')], [jsonPage('3')]],
        },
        { target: { stream: 'other', partition: '0', index: 1 }, flushes: [[jsonPage('4')]] },
      ],
    };
    const archive = await sealedArchive(work);
    const [, commands = ''] =
      /```sh\n([^`]*)```/.exec(await readFile('docs/archive-format.md', 'utf8')) ?? [];
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', commands], { cwd: archive.folder });
    expect(stdout.split('\n')).toEqual([
      'segments.jsonl: OK',
      'report.json: OK',
      'manifest.json: OK',
      '3\tcontacts',
      '1\tother',
      '3',
      '',
    ]);
    expect(await readFile(path.join(archive.folder, 'contacts.jsonl'), 'utf8')).toBe('1\n2\n3\n');
    await archive.dispose();
  });

  test('describes its streams in the manifest, in the order of their names', async () => {
    const archive = await sealedArchive({
      streams: [
        { ...stream('b'), schema: { columns: [{ name: 'id', type: 'int8' }] } },
        stream('A'),
        stream('a'),
      ],
      parts: [
        { target: { stream: 'b', partition: '0', index: 0 }, flushes: [[jsonPage('1', '2')]] },
        { target: { stream: 'A', partition: '0', index: 1 }, flushes: [[]] },
        { target: { stream: 'a', partition: '0', index: 2 }, flushes: [[jsonPage('3')]] },
      ],
    });
    const manifest = await readManifest(archive.store, ARCHIVE);
    expect(manifest).toMatchObject({
      format: 'longhaul-archive/1',
      id: 'a-1',
      job: 'job-1',
      createdAt: '2026-01-02T03:04:05.000Z',
      completedAt: '2026-01-03T00:00:00.000Z',
      source: { connection: 'crm', type: 'http' },
      compression: 'zstd',
      segments: { path: 'segments.jsonl', count: 2 },
      streams: [
        { name: 'A', records: 0, bytes: 0, segments: 0 },
        { name: 'a', records: 1, bytes: 2, segments: 1 },
        {
          name: 'b',
          records: 2,
          bytes: 4,
          segments: 1,
          key: ['id'],
          schema: { columns: [{ type: 'int8' }] },
        },
      ],
    });
    await archive.dispose();
  });

  test('hands out no record of a segment that is damaged or missing', async () => {
    for (const harm of [
      (file: string) => truncate(file, 9),
      (file: string) => writeFile(file, 'other bytes'),
    ]) {
      const archive = await sealedArchive(oneStream([[jsonPage('1')], [jsonPage('2')]]));
      const { segments } = await readArchive(archive.folder);
      await harm(path.join(archive.folder, segments[1]?.path ?? ''));
      const pages: Page[] = [];
      const reading = async () => {
        const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'fail' });
        const [partition] = await partitionsOf(source, 'one', 1);
        if (!partition) throw new Error('there is a partition');
        for await (const page of source.read(testContext(), 'one', partition, null)) pages.push(page);
      };
      await expect(reading()).rejects.toMatchObject({
        code: 'archive_damaged',
        message: expect.stringContaining(segments[1]?.path ?? '?') as string,
      });
      expect(pages).toHaveLength(1);
      await archive.dispose();
    }
  });
});

async function expectSame(archive: TestArchive, work: Work, what: string): Promise<void> {
  const read = await readArchive(archive.folder);
  for (const { name, encoding } of read.manifest.streams) {
    const found = (await collect(read.contents(name))).map((content) =>
      withoutHeader(content.toString('utf8'), encoding),
    );
    const wanted = work.parts.filter((each) => each.target.stream === name).map(textsOf);
    expect(found.join('') === wanted.join(''), `${name}, ${what}`).toBe(true);
  }
}

/** Reading on from any page gives the pages that followed it. */
async function expectResumable({ store }: TestArchive, what: string): Promise<void> {
  const source = createArchiveSource(store, ARCHIVE, { onDamage: 'fail' });
  for await (const { name } of source.streams(testContext())) {
    for (const partition of await partitionsOf(source, name, 2)) {
      const pages = await readPages(source, name, partition);
      for (const [at, { next }] of pages.entries()) {
        if (next === null || at % 6 !== 0) continue;
        const rest = await readPages(source, name, partition, next);
        expect(sizes(rest), `${name}, page ${at}, ${what}`).toEqual(sizes(pages.slice(at + 1)));
      }
    }
  }
}

function sizes(pages: readonly Page[]): number[] {
  const bytes = pages.flatMap((page) => page.payload.chunks.map((chunk) => chunk.length));
  const records = pages.map((page) => page.records);
  return [bytes.reduce((a, b) => a + b, 0), records.reduce((a, b) => a + b, 0)];
}

function withoutHeader(text: string, encoding: string): string {
  return encoding === 'csv' ? text.slice('id,text\n'.length) : text;
}

function randomWork(random: () => number): Work {
  const parts = Array.from({ length: 4 }, (_, index): PartWork => {
    const isCsv = index > 1;
    const flushes = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      Array.from({ length: Math.floor(random() * 4) }, () => randomPage(random, isCsv)),
    );
    return { target: { stream: isCsv ? 'Rows' : 'lines', partition: String(index % 2), index }, flushes };
  });
  return { streams: [stream('lines'), stream('Rows', 'csv')], parts };
}

/** Now and then empty, larger than a frame, or with one record larger than a frame. */
function randomPage(random: () => number, isCsv: boolean): Page {
  const count = random() < 0.2 ? 0 : Math.floor(random() * 2_000);
  const longest = random() < 0.1 ? 1_500_000 : 900;
  const length = () => Math.floor(random() * (random() < 0.01 ? longest : 300));
  const records = Array.from({ length: count }, () => {
    const text = 'ä🚚x0'.repeat(Math.ceil(length() / 8));
    return isCsv ? `1,"${text}\n""${text}"` : JSON.stringify({ id: 12345678901234567890n.toString(), text });
  });
  return isCsv ? csvPage(...records) : jsonPage(...records);
}

function oneStream(flushes: PartWork['flushes']): Work {
  return {
    streams: [stream('one')],
    parts: [{ target: { stream: 'one', partition: '0', index: 0 }, flushes }],
  };
}

function notInstalled(error: unknown): null {
  if ((error as { code?: unknown }).code === 'ENOENT') return null;
  throw error;
}

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
