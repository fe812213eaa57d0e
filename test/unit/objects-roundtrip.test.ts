// Objects through an archive and back: what comes out is what went in, whatever it is called and however large it is.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRejects } from '../../src/archive/rejects-reader.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import { safePath } from '../../src/records/tar/path.js';
import { readArchive } from '../support/archive-reader.js';
import { verifyArchive } from '../support/archives.js';
import { startFakeS3, type FakeS3 } from '../support/fake-s3.js';
import { treeOf, writeFiles } from '../support/file-tree.js';
import { NASTY_KEYS } from '../support/nasty-keys.js';
import { archiveObjects, restoreObjects, type ObjectArchive } from '../support/objects.js';
import { collect } from '../support/reading.js';

const run = promisify(execFile);
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const MIB = 1_048_576;
/** Three pieces and a bit. */
const LARGE = 3 * 16 * MIB + 12_345;

let root: string;
let archive: ObjectArchive | undefined;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'roundtrip-'))));
afterEach(async () => {
  await archive?.dispose();
  archive = undefined;
  await rm(root, { recursive: true, force: true });
});

const disk = (folder: string, stream: object = {}) =>
  createFileConnection('disk', { type: 'file', path: path.join(root, folder), streams: { photos: stream } });

describe('files', () => {
  const small = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`d${index % 7}/f ${index}`, randomBytes(index * 3)]),
  );

  test.for(['zstd', 'gzip', 'none'] as const)(
    'come back as they were, modes and times included (%s)',
    async (compression) => {
      const large = {
        'large/ä.bin': randomBytes(LARGE),
        'a%20b': 'x',
        'line\nend': 'y',
        'back\\slash': 'z',
        '%lh-': '',
      };
      await writeFiles(path.join(root, 'from/photos'), { ...small, ...large });
      archive = await archiveObjects(disk('from'), { compression });
      expect(archive.summary.records).toBe(305);
      expect((await verifyArchive(archive.store)).findingsTotal).toBe(0);
      const restored = await restoreObjects(archive, disk('to'));
      expect(restored.records).toBe(305);
      const plain = (lines: string[]) => lines.filter((line) => !line.startsWith('"%lh-'));
      expect(plain(await treeOf(path.join(root, 'to/photos')))).toEqual(
        plain(await treeOf(path.join(root, 'from/photos'))),
      );
      expect(await readFile(path.join(root, 'to/photos/%lh-%25lh-'))).toHaveLength(0);
    },
  );

  test('come back but for one that lost a piece, which is one reject, where what is damaged is passed over', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'a', 'b.bin': randomBytes(LARGE), c: 'c' });
    archive = await archiveObjects(disk('from'), { compression: 'none', policy: { bytes: 16 * MIB } });
    const [, second = ''] = (await readArchive(archive.folder)).segments.map(({ path: file }) => file);
    await truncate(path.join(archive.folder, second), 5);
    const restored = await restoreObjects(archive, disk('to'), { skipDamaged: true });
    expect(restored.records).toBe(2);
    expect((await treeOf(path.join(root, 'to/photos'))).map((line) => line.split(' ')[0])).toEqual([
      '"a"',
      '"c"',
    ]);
    const rejects = await collect(readRejects(archive.store, '.jobs/restore-1'));
    expect(new Set(rejects.map(({ reject }) => reject.code))).toEqual(new Set(['archive_damaged']));
    // The segment, in which no object ends, and the object.
    expect(rejects.map(({ reject }) => reject.records).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  test('lie in segments that tar opens, a large one in pieces that put it together', async () => {
    const body = randomBytes(LARGE);
    await writeFiles(path.join(root, 'from/photos'), { 'big.bin': body, 'note.txt': 'hello' });
    archive = await archiveObjects(disk('from'), { compression: 'gzip' });
    const out = path.join(root, 'out');
    await mkdir(out);
    const script = `for segment in $(find . -name '*.tar.gz' | sort); do tar -xzf "$segment" -C "${out}"; done`;
    expect(await run('bash', ['-c', script], { cwd: archive.folder })).toEqual({ stdout: '', stderr: '' });
    await run('bash', ['-c', 'cat big.bin.part-* > whole'], { cwd: out });
    expect((await readFile(path.join(out, 'whole'))).equals(body)).toBe(true);
    expect(await readFile(path.join(out, 'note.txt'), 'utf8')).toBe('hello');
  });

  test('are taken by patterns, and links are passed over', async () => {
    await writeFiles(path.join(root, 'from/pics'), {
      'a.jpg': '1',
      'b/c.jpg': '2',
      'b/d.txt': '3',
      '.hidden.jpg': '4',
      'tmp/e.jpg': '5',
    });
    await symlink('/etc/hostname', path.join(root, 'from/pics/link.jpg'));
    archive = await archiveObjects(
      disk('from', { path: 'pics', include: ['**/*.jpg'], exclude: ['tmp/**'] }),
    );
    await restoreObjects(archive, disk('to'));
    const names = (await treeOf(path.join(root, 'to/photos'))).map((line) => line.split(' ')[0]);
    expect(names).toEqual(['".hidden.jpg"', '"a.jpg"', '"b/c.jpg"']);
  });
});

describe('a restore into a folder', () => {
  test('never replaces another file, unless it is told to', async () => {
    await writeFiles(path.join(root, 'from/photos'), { a: 'new', big: randomBytes(LARGE) });
    await writeFiles(path.join(root, 'to/photos'), { a: 'old' });
    archive = await archiveObjects(disk('from'));
    await expect(restoreObjects(archive, disk('to'))).rejects.toMatchObject({
      cause: { code: 'restore_conflict' },
    });
    expect(await readFile(path.join(root, 'to/photos/a'), 'utf8')).toBe('old');
    await restoreObjects(archive, disk('to'), { mode: 'upsert' });
    expect(await treeOf(path.join(root, 'to'))).toEqual(await treeOf(path.join(root, 'from')));
    // what is there already is the same
    await restoreObjects(archive, disk('to'), { job: 'restore-2' });
    expect(await treeOf(path.join(root, 'to'))).toEqual(await treeOf(path.join(root, 'from')));
  });

  test('never writes through a link that leads out of it', async () => {
    await writeFiles(path.join(root, 'from/photos'), { 'out/secret': 'x' });
    await mkdir(path.join(root, 'elsewhere'));
    await mkdir(path.join(root, 'to/photos'), { recursive: true });
    await symlink(path.join(root, 'elsewhere'), path.join(root, 'to/photos/out'));
    archive = await archiveObjects(disk('from'));
    await expect(restoreObjects(archive, disk('to'))).rejects.toMatchObject({
      cause: { code: 'spec_invalid' },
    });
    await expect(stat(path.join(root, 'elsewhere/secret'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('refuses streams that hold no objects', async () => {
    const sink = disk('to').sink!;
    archive = undefined;
    await writeFile(path.join(root, 'x'), '');
    const made = sink({
      job: 'j',
      mode: 'insert',
      create: false,
      rejects: false,
      remap: {},
      beside: { store: disk('to').store!(), folder: '.jobs/j', before: null },
      patiently: (_ctx, step) => step(),
    });
    const stream = { name: 'photos', key: ['id'], encoding: 'jsonl', schema: null, estimate: null } as const;
    await expect(made.stages!({} as never, [stream])).rejects.toMatchObject({
      code: 'connection_unsuitable',
    });
    await expect(made.stages!({} as never, [{ ...stream, name: 'other' }])).rejects.toMatchObject({
      code: 'stream_unknown',
    });
  });
});

describe('objects with any legal key', () => {
  let fake: FakeS3;
  beforeEach(async () => {
    fake = await startFakeS3();
    for (const [index, key] of NASTY_KEYS.entries()) {
      fake.put(`from/${key}`.slice(0, key.length > 1_000 ? 1_024 : undefined), `body ${index}`, {
        headers: {
          'content-type': 'text/x',
          'cache-control': 'no-store',
          'x-amz-meta-who': `me ${index}`,
          'content-encoding': 'br',
        },
        tags: 'team=red&cost=%C3%BC',
      });
    }
    fake.put('from/large', randomBytes(LARGE), { headers: { 'content-type': 'image/x' } });
  });
  afterEach(() => fake.stop());

  const cloud = (prefix: string, differing = {}) =>
    createS3Connection('cloud', fake.connection({ streams: { photos: { prefix } }, ...differing }));
  const under = (prefix: string) =>
    new Map(
      [...fake.objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { body, headers, tags }]) => [
          key.slice(prefix.length),
          { headers, tags, body: hashOf(body) },
        ]),
    );

  test('come back to a bucket with all that was known of them', async () => {
    archive = await archiveObjects(cloud('from/'));
    expect(archive.summary.records).toBe(NASTY_KEYS.length + 1);
    await restoreObjects(archive, cloud('back/'));
    expect(under('back/')).toEqual(under('from/'));
    expect(fake.openUploads()).toBe(0);
  });

  test('come back to a folder and never leave it', async () => {
    archive = await archiveObjects(cloud('from/'));
    await restoreObjects(archive, disk('to'));
    const written = (await treeOf(path.join(root, 'to/photos'))).map((line) =>
      line.slice(0, line.lastIndexOf('" ') + 1),
    );
    const expected = [...under('from/').keys()].map((key) => JSON.stringify(safePath(key, 'disk')));
    expect(written.toSorted()).toEqual(expected.toSorted());
    for (const [key, { body }] of under('from/')) {
      expect(hashOf(await readFile(path.join(root, 'to/photos', safePath(key, 'disk'))))).toBe(body);
    }
  });
});
