// A verify job over archives that were damaged in every way: each object is named, and nothing else is.
import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readManifest } from '../../src/archive/manifest.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { Finding, Page } from '../../src/core/connector.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';
import { ARCHIVE, forge, sealedArchive, verifyArchive, type TestArchive } from '../support/archives.js';
import { collect, testContext } from '../support/reading.js';
import { csvPage, jsonPage, stream, type PartWork, type Work } from '../support/writing.js';

const WORK: Work = {
  streams: [stream('empty'), stream('Orders'), stream('rows', 'csv')],
  parts: [
    part('empty', '0', 0, 0),
    part('Orders', '0', 1, 5),
    part('Orders', '1', 2, 3),
    {
      target: { stream: 'rows', partition: '0', index: 3 },
      flushes: [[csvPage('1,"two\nlines"', '2,"say ""hi"""')], [csvPage('3,')]],
    },
  ],
};
const SEGMENTS = 10;

let archive: TestArchive;
afterEach(() => archive.dispose());

describe.for(['zstd', 'gzip', 'none'] as const)('verify of an archive (%s)', (compression) => {
  test('finds nothing wrong where nothing is, and adds up what it read', async () => {
    archive = await sealedArchive(WORK, { compression });
    for (const want of [1, 2, 3, 128]) {
      const { findings, findingsTotal, states: _, ...sums } = await verifyArchive(archive.store, want);
      expect({ findings, findingsTotal }).toEqual({ findings: [], findingsTotal: 0 });
      expect(sums).toEqual(archive.summary);
    }
  });

  test('names the object in which one byte was flipped, wherever that is', async () => {
    archive = await sealedArchive(WORK, { compression });
    for (const file of await filesOf(archive)) {
      const bytes = await readFile(file);
      const step = Math.max(1, Math.floor(bytes.length / 8));
      for (let at = 0; at < bytes.length; at += step) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
        await writeFile(file, flipped);
        expect(await named(), `byte ${at} of ${pathOf(file)}`).toEqual(expected(file, 'damaged'));
      }
      await writeFile(file, bytes);
    }
  });

  test('names the object that was cut short, and the one that grew', async () => {
    archive = await sealedArchive(WORK, { compression });
    for (const file of await filesOf(archive)) {
      const bytes = await readFile(file);
      for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await truncate(file, length);
        expect(await named(), `${pathOf(file)} cut to ${length}`).toEqual(expected(file, 'damaged'));
        await writeFile(file, bytes);
      }
      await writeFile(file, Buffer.concat([bytes, bytes]));
      expect(await named(), `${pathOf(file)} doubled`).toEqual(expected(file, 'damaged'));
      await writeFile(file, bytes);
    }
  });

  test('names the object that is missing', async () => {
    archive = await sealedArchive(WORK, { compression });
    for (const file of await filesOf(archive)) {
      if (file.endsWith('manifest.json')) continue;
      await rename(file, `${archive.folder}.aside`);
      expect(await named(), `${pathOf(file)} missing`).toEqual(expected(file, 'missing'));
      await rename(`${archive.folder}.aside`, file);
    }
  });
});

describe('verify of an archive', () => {
  test('names every surplus object, wherever it lies', async () => {
    archive = await sealedArchive(WORK);
    const segment = (await filesOf(archive)).find((file) => file.endsWith('.jsonl.zst')) ?? '';
    const surplus = [
      'README',
      '.work/job.json',
      '.work/parts/x/0/000000-aa.json',
      'other/0/000000-0123456789abcdef.jsonl.zst',
      'empty/0/000000-0123456789abcdef.jsonl.zst',
      `${path.relative(archive.folder, segment)}.bak`,
      `${path.relative(archive.folder, path.dirname(segment))}/000000-0000000000000000.jsonl.zst`,
      `${path.relative(archive.folder, path.dirname(segment))}/sub/file`,
    ];
    for (const name of surplus) {
      await mkdir(path.dirname(path.join(archive.folder, name)), { recursive: true });
      await writeFile(path.join(archive.folder, name), 'x');
    }
    expect(await named()).toEqual(surplus.map((name) => `surplus ${ARCHIVE}/${name}`).toSorted());
    const { summary } = archive;
    expect(await verifyArchive(archive.store)).toMatchObject({ ...summary, findingsTotal: surplus.length });
  });

  test('of some of the streams reads those alone, and still finds what is surplus', async () => {
    archive = await sealedArchive(WORK);
    await writeFile(path.join(archive.folder, 'README'), 'x');
    const found = await verifyArchive(archive.store, 2, ARCHIVE, { streams: ['rows', 'empty', 'rows'] });
    expect(found).toMatchObject({ records: 3, segments: 2, findingsTotal: 1 });
    const orders = await verifyArchive(archive.store, 2, ARCHIVE, { streams: ['Orders'] });
    expect(orders).toMatchObject({ records: 16, segments: 8, findingsTotal: 1 });
  });

  test('names each of several damaged, missing and surplus objects in one go', async () => {
    archive = await sealedArchive(WORK);
    const [a = '', b = '', c = ''] = (await filesOf(archive)).filter((file) => file.endsWith('.zst'));
    await writeFile(a, 'not zstd');
    await rm(b);
    await rename(c, `${c}.moved`);
    expect(await named()).toEqual(
      [
        `damaged ${pathOf(a)}`,
        `missing ${pathOf(b)}`,
        `missing ${pathOf(c)}`,
        `surplus ${pathOf(c)}.moved`,
      ].toSorted(),
    );
    expect(await verifyArchive(archive.store)).toMatchObject({ segments: SEGMENTS - 3 });
  });

  test('counts all findings and keeps the first hundred, in small states', async () => {
    const many = { streams: [stream('many')], parts: [part('many', '0', 0, 150)] };
    archive = await sealedArchive(many);
    for (const file of (await filesOf(archive)).filter((each) => each.endsWith('.zst')))
      await truncate(file, 3);
    const { findings, findingsTotal, states, records } = await verifyArchive(archive.store, 40);
    expect(findingsTotal).toBe(150);
    expect(findings).toHaveLength(100);
    expect(records).toBe(0);
    expect(Math.max(...states.map((state) => JSON.stringify(state).length))).toBeLessThan(4_096);
    const whole = await verifyArchive(archive.store, 1);
    expect(whole.findingsTotal).toBe(150);
    expect(JSON.stringify(whole.states.at(-1)).length).toBeLessThan(32_768);
  });

  test.for([
    ['records', 1],
    ['bytes', 1],
    ['bytes', -1],
    ['storedBytes', 1],
    ['storedBytes', -1],
  ] as const)('finds a segment that does not hold the %s that are listed (%i)', async ([field, by]) => {
    archive = await sealedArchive(WORK);
    const shift = (object: Record<string, unknown>) => ({ ...object, [field]: Number(object[field]) + by });
    let changed = '';
    await forge(archive.folder, (lines, manifest) => {
      const at = lines.findIndex((line) => line.includes('"stream":"rows"'));
      const line = shift(JSON.parse(lines[at] ?? '') as Record<string, unknown>);
      changed = String(line['path']);
      const streams = manifest['streams'] as Record<string, unknown>[];
      manifest['streams'] = streams.map((each) => (each['name'] === 'rows' ? shift(each) : each));
      return lines.with(at, JSON.stringify(line));
    });
    expect(await named()).toEqual([`damaged ${ARCHIVE}/${changed}`]);
  });

  test.for(['records', 'bytes', 'storedBytes', 'segments'])(
    'finds a list that contradicts the %s of its manifest',
    async (field) => {
      archive = await sealedArchive(WORK);
      await forge(archive.folder, (lines, manifest) => {
        const streams = manifest['streams'] as Record<string, unknown>[];
        manifest['streams'] = streams.map((each) => ({ ...each, [field]: Number(each[field]) + 1 }));
        return lines;
      });
      await expect(verifyArchive(archive.store)).rejects.toMatchObject({ code: 'archive_damaged' });
    },
  );

  test('finds a list from which a segment was taken out', async () => {
    archive = await sealedArchive({ streams: [stream('one')], parts: [part('one', '0', 0, 3)] });
    await forge(archive.folder, (lines, manifest) => {
      const left = lines.toSpliced(1, 1);
      const sums = left.map((line) => JSON.parse(line) as Record<string, number>);
      const sum = (field: string) => sums.reduce((all, each) => all + (each[field] ?? 0), 0);
      const [one] = manifest['streams'] as Record<string, unknown>[];
      const lengths = left.reduce((all, line) => all + line.length + 1, 0);
      manifest['streams'] = [
        {
          ...one,
          records: sum('records'),
          bytes: sum('bytes'),
          storedBytes: sum('storedBytes'),
          segments: 2,
          lines: { start: 0, end: lengths },
        },
      ];
      manifest['segments'] = { ...(manifest['segments'] as object), count: 2 };
      return left;
    });
    await expect(verifyArchive(archive.store)).rejects.toMatchObject({
      code: 'archive_damaged',
      message: expect.stringMatching(/gap in stream one before .*000002-/) as string,
    });
  });

  test('says what is not an archive, and what a newer Longhaul wrote', async () => {
    archive = await sealedArchive(WORK);
    await expect(readManifest(archive.store, 'nightly/none')).rejects.toMatchObject({
      code: 'archive_missing',
    });
    const manifest = path.join(archive.folder, 'manifest.json');
    await writeFile(
      manifest,
      (await readFile(manifest, 'utf8')).replace('longhaul-archive/1', 'longhaul-archive/3'),
    );
    await expect(readManifest(archive.store, ARCHIVE)).rejects.toMatchObject({ code: 'archive_unsupported' });
    await rm(manifest);
    await expect(verifyArchive(archive.store)).rejects.toMatchObject({ code: 'archive_missing' });
  });

  test('stops before the next segment and goes on there', async () => {
    archive = await sealedArchive(WORK);
    const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'report' });
    const [orders] = await collect(source.streams(testContext(), ['Orders']));
    if (!orders) throw new Error('there are orders');
    const [whole] = await collect(source.partitions(testContext(), orders, 1));
    if (!whole) throw new Error('there is one partition');
    const ctx = testContext((it) => it.requests() === 3 && it.halt());
    const pages: Page[] = [];
    const reading = async () => {
      for await (const page of source.read(ctx, 'Orders', whole, null)) pages.push(page);
    };
    await expect(reading()).rejects.toBeInstanceOf(Stopped);
    expect(ctx.requests()).toBe(3);
    pages.push(...(await collect(source.read(testContext(), 'Orders', whole, pages.at(-1)?.next ?? null))));
    expect(pages).toHaveLength(8);
    expect(pages.reduce((sum, page) => sum + page.records, 0)).toBe(16);
    expect(pages.at(-1)?.next).toBeNull();
  });

  test('cuts a stream into parts of about the same size, never more than wanted', async () => {
    archive = await sealedArchive({ streams: [stream('many')], parts: [part('many', '0', 0, 60)] });
    const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'report' });
    for (const want of [1, 4, 7, 60, 128]) {
      const [many] = await collect(source.streams(testContext()));
      if (!many) throw new Error('there is a stream');
      const parts = await collect(source.partitions(testContext(), many, want));
      expect(parts.length).toBeLessThanOrEqual(want);
      expect(parts.length).toBeGreaterThanOrEqual(0.8 * Math.min(want, 60));
      const estimates = parts.map((each) => each.estimate ?? 0);
      expect(estimates.reduce((a, b) => a + b)).toBe(120);
      expect(Math.max(...estimates) - Math.min(...estimates)).toBeLessThanOrEqual(4);
    }
  });
});

/** What a verify job names now: findings, or the list that it refused to go by. */
async function named(): Promise<string[]> {
  try {
    const { findings = [] } = await verifyArchive(archive.store);
    return findings.map(({ problem, path: found }) => `${problem} ${found}`).toSorted();
  } catch (error) {
    return [refusal(error)];
  }
}

function refusal(error: unknown): string {
  if (!(error instanceof LonghaulError)) throw error;
  // A flipped digit can make the manifest look like one of another version.
  if (error.code === 'archive_unsupported') return `refused ${ARCHIVE}/manifest.json`;
  if (error.code !== 'archive_damaged') throw error;
  return `refused ${/^\S+/.exec(error.message)?.[0]}`;
}

/** What is wrong with a list is known before any segment is read. */
function expected(file: string, problem: Finding['problem']): string[] {
  const isList = file.endsWith('manifest.json') || file.endsWith('segments.jsonl');
  return [`${isList ? 'refused' : problem} ${pathOf(file)}`];
}

function pathOf(file: string): string {
  return `${ARCHIVE}/${path.relative(archive.folder, file)}`;
}

async function filesOf({ folder }: TestArchive): Promise<string[]> {
  const files: string[] = [];
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const file = path.join(folder, name);
    if ((await stat(file)).isFile()) files.push(file);
  }
  return files;
}

/** Two records a flush. */
function part(name: string, partition: string, index: number, flushes: number): PartWork {
  const pages = Array.from({ length: flushes }, (_, i) => [
    jsonPage(`{"id":${i}}`, `{"id":"${'x'.repeat(9)}"}`),
  ]);
  return { target: { stream: name, partition, index }, flushes: flushes === 0 ? [[]] : pages };
}
