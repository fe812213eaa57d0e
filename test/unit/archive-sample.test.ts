// A verify of a sample: it reads what was drawn and nothing else, finds what is wrong with that, and of the rest what the
// store's list tells.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditScope } from '../../src/archive/audit-seal.js';
import { inventory } from '../../src/archive/inventory.js';
import { readManifest } from '../../src/archive/manifest.js';
import { lotOf, type Sample } from '../../src/archive/sample.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { Store } from '../../src/core/store.js';
import { ARCHIVE, sealedArchive, verifyArchive, type TestArchive } from '../support/archives.js';
import { collect, testContext } from '../support/reading.js';
import { createSteppedStore } from '../support/wrapped-store.js';
import { csvPage, jsonPage, stream, type PartWork, type Work } from '../support/writing.js';

const WORK: Work = {
  streams: [stream('empty'), stream('Orders'), stream('rows', 'csv')],
  parts: [
    { target: { stream: 'empty', partition: '0', index: 0 }, flushes: [[]] },
    part('Orders', '0', 1, 20),
    part('Orders', '1', 2, 10),
    {
      target: { stream: 'rows', partition: '0', index: 3 },
      flushes: Array.from({ length: 4 }, (_, id) => [csvPage(`${id},"two\nlines"`)]),
    },
  ],
};
const SEGMENTS = 34;
const SHARE = { share: 0.2, asked: '20%' };

let archive: TestArchive;
let sample: Sample;
let drawn: ReadonlySet<string>;
beforeEach(async () => {
  archive = await sealedArchive(WORK);
  sample = await tellingSample();
  const reads: string[] = [];
  await verify({}, watched(reads));
  drawn = new Set(reads);
});
afterEach(() => archive.dispose());

const verify = (scope: AuditScope = {}, store: Store = archive.store, want = 3) =>
  verifyArchive(store, want, ARCHIVE, { sample, ...scope });

/** Names of segments are random: a job that draws some of each stream, and by no means all. */
async function tellingSample(): Promise<Sample> {
  const paths = (await segmentFiles()).map((file) => path.relative(archive.folder, file));
  for (let attempt = 0; ; attempt += 1) {
    const job = `verify-vault-${attempt}`;
    const count = paths.filter((each) => lotOf({ job }, { path: each }) < SHARE.share * 2 ** 48).length;
    if (count > 5 && count < 10) return { job, ...SHARE };
  }
}

/** Notes the segments that are opened for reading, whole as they are. */
function watched(reads: string[]): Store {
  return createSteppedStore(archive.store, (name, run) => {
    const segment = /^read (.*\.zst)$/.exec(name)?.[1];
    if (segment !== undefined && !reads.includes(segment)) reads.push(segment);
    return run();
  });
}

describe('a verify of a sample', () => {
  test('reads some of each stream and says how much of how much, in figures and in words', async () => {
    for (const folder of ['rows', 'orders--'])
      expect([...drawn].some((name) => name.startsWith(`${ARCHIVE}/${folder}`))).toBe(true);
    const { summary } = archive;
    const { sample: read, notes, findings, ...sums } = await verify();
    const { segments, records, bytes, storedBytes } = sums;
    expect({ segments, findings }).toEqual({ segments: drawn.size, findings: [] });
    expect(read).toEqual({
      share: '20%',
      read: { segments, records, bytes, storedBytes },
      of: {
        segments: SEGMENTS,
        records: summary.records,
        bytes: summary.bytes,
        storedBytes: summary.storedBytes,
      },
    });
    const part = `${segments} of 34 segments, ${((100 * storedBytes) / summary.storedBytes).toFixed(1)} %`;
    expect(notes).toEqual([
      `A sample was read, not the whole: ${part} of the stored bytes. Of the others only presence and size were checked.`,
    ]);
  });

  test('reads the same however it is cut, and promises as many records as it reads', async () => {
    const whole = await verify();
    for (const want of [1, 2, 7, 128]) {
      const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'report', sample });
      let promised = 0;
      for (const each of await collect(source.streams(testContext()))) {
        const parts = await collect(source.partitions(testContext(), each, want));
        expect(parts.length).toBeLessThanOrEqual(want);
        expect(parts.reduce((sum, { estimate }) => sum + (estimate ?? 0), 0)).toBe(each.estimate);
        promised += each.estimate ?? 0;
      }
      expect(promised).toBe(whole.records);
      const { states: _, ...again } = await verify({}, archive.store, want);
      const { states: __, ...before } = whole;
      expect(again).toEqual(before);
    }
  });

  test('is cut into parts that all have something to read', async () => {
    const source = createArchiveSource(archive.store, ARCHIVE, { onDamage: 'report', sample });
    const [orders] = await collect(source.streams(testContext(), ['Orders']));
    const parts = await collect(source.partitions(testContext(), orders!, 128));
    expect(parts.length).toBeGreaterThan(1);
    expect(Math.min(...parts.map(({ estimate }) => estimate ?? 0))).toBeGreaterThan(0);
  });

  test('says so where it came to every segment', async () => {
    const { sample: read, notes } = await verify({ sample: { ...sample, share: 0.999_999_99 } });
    expect(read?.read).toEqual(read?.of);
    expect(notes).toEqual(['A sample was asked for, and came to every segment: all 34 were read.']);
  });

  test('of some streams asks after those alone', async () => {
    const others = (await segmentFiles()).filter((file) => file.includes('orders--'));
    await rm(others.find((file) => !isDrawn(file))!);
    const { sample: read, findings } = await verify({ streams: ['rows'] });
    expect(read?.of).toMatchObject({ segments: 4, records: 4 });
    expect(findings).toEqual([]);
    expect((await verify()).findingsTotal).toBe(1);
  });

  test('names each segment that was drawn and is damaged or missing', async () => {
    for (const file of (await segmentFiles()).filter(isDrawn)) {
      const bytes = await readFile(file);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(5) ^ 1, 5);
      await writeFile(file, flipped);
      expect(await named()).toEqual([`damaged ${pathOf(file)}`]);
      await rm(file);
      expect(await named()).toEqual([`missing ${pathOf(file)}`]);
      await writeFile(file, bytes);
    }
  });

  test('names each other segment that is missing or of another size, and reads none of them', async () => {
    for (const file of (await segmentFiles()).filter((each) => !isDrawn(each))) {
      const bytes = await readFile(file);
      await rm(file);
      expect(await named()).toEqual([`missing ${pathOf(file)}`]);
      await writeFile(file, bytes.subarray(1));
      expect(await named()).toEqual([`damaged ${pathOf(file)}`]);
      await writeFile(file, bytes.fill(0));
      expect(await named()).toEqual([]);
    }
  });

  test('names a whole folder that is missing, segment by segment', async () => {
    const files = (await segmentFiles()).filter((file) => file.includes('/rows/'));
    await rm(path.join(archive.folder, 'rows'), { recursive: true });
    expect(await named()).toEqual(files.map((file) => `missing ${pathOf(file)}`).toSorted());
  });

  test('names what is surplus, wherever it lies, beside what is missing', async () => {
    const [a = '', b = ''] = (await segmentFiles()).filter((each) => !isDrawn(each));
    await rm(a);
    const surplus = [
      'README',
      '.work/job.json',
      'other/0/000000-0123456789abcdef.jsonl.zst',
      'rows/README',
      'rows/0/README',
      'rows/0/zz/file',
      `${path.relative(archive.folder, b)}.bak`,
      `${path.relative(archive.folder, path.dirname(b))}/000000-0000000000000000.jsonl.zst`,
      `${path.relative(archive.folder, path.dirname(b))}/000001/file`,
    ];
    for (const name of surplus) {
      await mkdir(path.dirname(path.join(archive.folder, name)), { recursive: true });
      await writeFile(path.join(archive.folder, name), 'x');
    }
    const expected = [`missing ${pathOf(a)}`, ...surplus.map((name) => `surplus ${ARCHIVE}/${name}`)];
    expect(await named()).toEqual(expected.toSorted());
  });

  test('refuses a list of segments that was changed', async () => {
    const list = path.join(archive.folder, 'segments.jsonl');
    await writeFile(list, (await readFile(list, 'utf8')).replace('"records":2', '"records":1'));
    await expect(verify()).rejects.toMatchObject({ code: 'archive_damaged' });
  });
});

test('a store that lists out of order is not believed', async () => {
  const manifest = await readManifest(archive.store, ARCHIVE);
  const objects = await collect(archive.store.list(ARCHIVE));
  const at = objects.findIndex((object) => object.path.includes('/rows/'));
  for (const shuffled of [
    objects.toReversed(),
    [...objects.slice(at), ...objects.slice(0, at), objects[at]!],
  ]) {
    const store: Store = { ...archive.store, list: () => listed(shuffled) };
    const found = collect(inventory(testContext(), store, ARCHIVE, manifest, () => true));
    await expect(found).rejects.toMatchObject({ code: 'internal' });
  }
});

async function* listed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const isDrawn = (file: string): boolean => drawn.has(pathOf(file));

function pathOf(file: string): string {
  return `${ARCHIVE}/${path.relative(archive.folder, file)}`;
}

async function named(): Promise<string[]> {
  const { findings = [] } = await verify();
  return findings.map(({ problem, path: found }) => `${problem} ${found}`).toSorted();
}

async function segmentFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const name of (await readdir(archive.folder, { recursive: true })).toSorted()) {
    const file = path.join(archive.folder, name);
    if (name.endsWith('.zst') && (await stat(file)).isFile()) files.push(file);
  }
  return files;
}

/** Two records a flush. */
function part(name: string, partition: string, index: number, flushes: number): PartWork {
  const pages = Array.from({ length: flushes }, (_, i) => [
    jsonPage(`{"id":${i}}`, `{"id":"${'x'.repeat(9)}"}`),
  ]);
  return { target: { stream: name, partition, index }, flushes: pages };
}
