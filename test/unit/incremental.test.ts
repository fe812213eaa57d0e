// Backups of objects on a base: what an archive restores is what was there, wherever its bytes lie.
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openArchiveFiles } from '../../src/archive/files.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import { startFakeS3 } from '../support/fake-s3.js';
import { treeOf, writeFiles } from '../support/file-tree.js';
import { incremental } from '../support/incremental.js';
import { collect } from '../support/reading.js';

const run = promisify(execFile);

const MIB = 1_048_576;
/** Three pieces and a bit. */
const LARGE = 3 * 16 * MIB + 12_345;

let root: string;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'incremental-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

const disk = (folder: string, name = 'disk') =>
  createFileConnection(name, { type: 'file', path: path.join(root, folder), streams: { photos: {} } });
const vault = () => createFileConnection('vault', { type: 'file', path: path.join(root, 'vault') });
const manifestOf = async (archive: string) =>
  JSON.parse(await readFile(path.join(root, 'vault', archive, 'manifest.json'), 'utf8')) as {
    format: string;
    bases?: { archive: string; sha256: string }[];
    streams: { records: number; referred?: number; storedBytes: number }[];
  };

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(path.join(folder, name))));
  return stats.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

async function segmentsOf(archive: string): Promise<string[]> {
  const folder = path.join(root, 'vault', archive);
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.tar(\.\w+)?$/.test(name)).map((name) => path.join(folder, name));
}

describe('a backup on a base', () => {
  test('reads what changed, refers to the rest, and leaves out what is gone', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`d${index % 7}/f${index}`, randomBytes(4_000)]),
    );
    await writeFiles(path.join(root, 'from/photos'), { ...files, 'large.bin': randomBytes(LARGE) });
    const chain = incremental(disk('from'), vault());
    const full = await chain.backUp('a');
    expect(full).toMatchObject({ records: 201, reads: 204 });

    await writeFiles(path.join(root, 'from/photos'), { 'd1/f1': 'changed', new: 'new' });
    await rm(path.join(root, 'from/photos/d2/f2'));
    const second = await chain.backUp('b', { base: 'a' });
    expect(second).toMatchObject({ records: 201, reads: 2 });
    expect(await sizeOf(path.join(root, 'vault/b'))).toBeLessThan(100_000);
    expect(await manifestOf('b')).toMatchObject({
      format: 'longhaul-archive/2',
      bases: [{ archive: 'a' }],
      streams: [{ records: 201, referred: 199 }],
    });

    await chain.restore('b', disk('to'));
    expect(await treeOf(path.join(root, 'to'))).toEqual(await treeOf(path.join(root, 'from')));
    expect(await chain.verify('b')).toMatchObject({ records: 201, findingsTotal: 0 });
  });

  test('is read by the commands of docs/archive-format.md, where they are installed', async (context) => {
    const installed = await run('sh', ['-c', 'command -v bash jq zstd tar awk']).catch(() => null);
    context.skip(installed === null, 'needs bash, jq, zstd, tar and awk');
    await writeFiles(path.join(root, 'from/photos'), {
      'ä b': '1',
      '-c': '2',
      'd\ne': '3',
      'f*': '4',
      g: '5',
    });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a');
    await writeFiles(path.join(root, 'from/photos'), { g: 'new' });
    await chain.backUp('b', { base: 'a' });
    await chain.backUp('c', { base: 'b' });
    const blocks = (await readFile('docs/archive-format.md', 'utf8')).split('```sh\n').slice(1);
    const texts = blocks.map((block) => block.slice(0, block.indexOf('```')));
    const own = texts[0]!.split('\n').find((line) => line.includes('tar -x'))!;
    const rest = texts.find((text) => text.includes('references.tsv'))!;
    const folder = path.join(root, 'vault/c');
    await mkdir(path.join(folder, 'photos'), { recursive: true });
    const env = { ...process.env, STORE: path.join(root, 'vault') };
    await run('bash', ['-euo', 'pipefail', '-c', `${own}\n${rest}`], { cwd: folder, env });
    const hashes = (lines: string[]) => lines.filter((line) => !/"(0|%lh-|d)/.test(line));
    expect(hashes(await treeOf(path.join(folder, 'photos')))).toEqual(
      expect.arrayContaining(hashes(await treeOf(path.join(root, 'from/photos')))),
    );
    expect(await readFile(path.join(folder, 'photos/%lh-d%0Ae'), 'utf8')).toBe('3');
  });

  test('lists its files, those of segments and those that say what is in them', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: '1', b: '2' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a', { policy: { pages: 1 } });
    const store = vault().store!();
    const files = await openArchiveFiles(store, 'a', 'job-a');
    const all = await collect(files.list());
    expect(all.map(({ file }) => `a/${file.path}`).toSorted()).toEqual(
      (await collect(store.list('a'))).map((object) => object.path).toSorted(),
    );
    for (const [at, { file, place, next }] of all.entries()) {
      expect(await collect(files.list(place))).toEqual(all.slice(at));
      expect(await collect(files.list(next))).toEqual(all.slice(at + 1));
      for (const hint of [undefined, place, 0]) expect(await files.find(file.path, hint)).toEqual(file);
    }
  });

  test('refers to where the bytes lie, not to what refers to them', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: '1', b: '2', c: '3' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('one');
    await writeFiles(path.join(root, 'from/photos'), { b: 'two' });
    await chain.backUp('two', { base: 'one' });
    expect(await chain.backUp('three', { base: 'two' })).toMatchObject({ records: 3, reads: 0 });
    expect((await manifestOf('three')).bases?.map(({ archive }) => archive)).toEqual(['two', 'one']);
    for (const file of await segmentsOf('two')) await rm(file);
    expect(await chain.verify('three')).toMatchObject({ findings: [{ problem: 'missing' }] });
    await expect(chain.restore('three', disk('to'))).rejects.toMatchObject({
      cause: { code: 'archive_damaged' },
    });
    const left = await chain.restore('three', disk('left'), 'skip');
    expect(left.records).toBe(2);
    expect(await readdir(path.join(root, 'left/photos'))).toEqual(['a', 'c']);
  });

  test('of S3 asks for nothing but lists where nothing changed, and sees that metadata did', async () => {
    const fake = await startFakeS3();
    try {
      for (let index = 0; index < 50; index += 1) fake.put(`from/k${index}`, `body ${index}`);
      fake.put('from/large', randomBytes(LARGE));
      const from = createS3Connection('cloud', fake.connection({ streams: { photos: { prefix: 'from/' } } }));
      const chain = incremental(from, vault());
      await chain.backUp('a');
      fake.requests.length = 0;
      await chain.backUp('b', { base: 'a' });
      const asked = fake.requests.filter(({ query }) => !query.has('list-type'));
      expect(asked).toEqual([]);
      fake.put('from/k7', 'body 7', {
        modified: '2025-01-01T00:00:00.000Z',
        headers: { 'x-amz-meta-a': '1' },
      });
      fake.requests.length = 0;
      await chain.backUp('c', { base: 'b' });
      const read = fake.requests.filter(({ query }) => !query.has('list-type')).map(({ key }) => key);
      expect(read).toEqual(['from/k7']);
      expect(await chain.verify('b')).toMatchObject({ records: 51, findingsTotal: 0 });
    } finally {
      await fake.stop();
    }
  });

  test.for(['zstd', 'gzip', 'none'] as const)(
    'yields the tree as it was at that time, over chains of random changes (%s)',
    { timeout: 60_000 },
    async (compression) => {
      const key = fc.constantFrom('a', 'a/b', 'a/c', 'a!', 'b', 'ü/x', 'z/🚚', 'z/\uffee', 'deep/er/file');
      const change = fc.record({ key, size: fc.option(fc.integer({ min: 0, max: 40_000 })) });
      const run = fc.record({
        changes: fc.array(change, { maxLength: 8 }),
        lanes: fc.integer({ min: 1, max: 3 }),
        pages: fc.constantFrom(1, 2, Infinity),
      });
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(run, { minLength: 3, maxLength: 4 }), async (runs) => {
          round += 1;
          const [from, to, kept] = [`from-${round}`, `to-${round}`, `v-${round}`];
          const store = createFileConnection('vault', { type: 'file', path: path.join(root, kept) });
          const chain = incremental(disk(from), store);
          await writeFiles(path.join(root, from, 'photos'), { stays: 'x' });
          const trees: string[][] = [];
          for (const [index, { changes, lanes, pages }] of runs.entries()) {
            for (const { key: name, size } of changes)
              await apply(path.join(root, from, 'photos'), name, size);
            const base = index === 0 ? {} : { base: `a-${index - 1}` };
            await chain.backUp(`a-${index}`, { ...base, compression, lanes, policy: { pages } });
            trees.push(await treeOf(path.join(root, from)));
          }
          for (const [index, tree] of trees.entries()) {
            await chain.restore(`a-${index}`, disk(`${to}-${index}`));
            expect(await treeOf(path.join(root, `${to}-${index}`))).toEqual(tree);
            expect((await chain.verify(`a-${index}`)).findingsTotal).toBe(0);
          }
        }),
        { numRuns: 8, endOnFailure: true },
      );
    },
  );
});

/** A file of that size, or none; what stands in the way of its folder goes. */
async function apply(folder: string, name: string, size: number | null): Promise<void> {
  const parts = name.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    const above = path.join(folder, ...parts.slice(0, depth));
    if ((await stat(above).catch(() => null))?.isFile()) await rm(above);
  }
  await rm(path.join(folder, name), { recursive: true, force: true });
  if (size !== null) await writeFiles(folder, { [name]: randomBytes(size) });
}

describe('what became of a base', () => {
  test('is found by a verify, and only what it held is lost', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'first', b: 'second' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a', { compression: 'none', lanes: 1, policy: { pages: 1 } });
    await chain.backUp('b', { base: 'a' });
    const [segment] = await segmentsOf('a');
    const bytes = await readFile(segment!);
    bytes.writeUInt8(bytes.readUInt8(1_700) ^ 1, 1_700);
    await writeFile(segment!, bytes);
    const { findings = [] } = await chain.verify('b');
    expect(findings).toEqual([
      {
        path: path.relative(path.join(root, 'vault'), segment!),
        problem: 'damaged',
        detail: 'its sha256 is not the one that is listed',
      },
    ]);
    await expect(chain.restore('b', disk('to'))).rejects.toMatchObject({
      cause: { code: 'archive_damaged' },
    });
  });

  test('is not mixed up with a damaged list of its own', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'first' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a', { compression: 'none', lanes: 1 });
    const names = await readdir(path.join(root, 'vault/a'), { recursive: true });
    const list = path.join(
      root,
      'vault/a',
      names.find((name) => name.endsWith('.list.jsonl'))!,
    );
    await writeFile(list, (await readFile(list, 'utf8')).replace('"size":5', '"size":6'));
    expect(await chain.verify('a')).toMatchObject({
      findings: [{ path: path.relative(path.join(root, 'vault'), list), problem: 'damaged' }],
    });
    await expect(chain.backUp('b', { base: 'a' })).rejects.toMatchObject({
      cause: { code: 'archive_damaged' },
    });
  });

  test('is found where another archive stands in its place', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'first' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a');
    await chain.backUp('b', { base: 'a' });
    await rm(path.join(root, 'vault/a'), { recursive: true });
    await chain.backUp('a', { compression: 'none' });
    expect(await chain.verify('b')).toMatchObject({
      findings: [{ path: 'a/manifest.json', problem: 'damaged', detail: 'it is another archive by now' }],
    });
    await rm(path.join(root, 'vault/a'), { recursive: true });
    expect(await chain.verify('b')).toMatchObject({
      findings: [{ path: 'a/manifest.json', problem: 'missing' }],
    });
  });
});

describe('an archive that cannot be a base', () => {
  test('is refused before anything is claimed', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'first' });
    const chain = incremental(disk('from'), vault());
    await expect(chain.backUp('b', { base: 'none' })).rejects.toMatchObject({ code: 'archive_missing' });
    const other = incremental(disk('from', 'other'), vault());
    await other.backUp('theirs');
    await expect(chain.backUp('b', { base: 'theirs' })).rejects.toMatchObject({ code: 'base_unsuitable' });
    expect(await readdir(path.join(root, 'vault'))).toEqual(['theirs']);
  });

  test('is one that refers to sixteen others already', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'first' });
    const chain = incremental(disk('from'), vault());
    await chain.backUp('a-0', { lanes: 1 });
    for (let index = 1; index <= 16; index += 1)
      await chain.backUp(`a-${index}`, { base: `a-${index - 1}`, lanes: 1 });
    await expect(chain.backUp('b', { base: 'a-16' })).rejects.toMatchObject({ code: 'base_unsuitable' });
    await chain.restore('a-16', disk('to'));
    expect(await treeOf(path.join(root, 'to'))).toEqual(await treeOf(path.join(root, 'from')));
  });
});
