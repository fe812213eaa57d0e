// Objects that change, vanish, are denied or come cut short while they are read; where reading is taken up again.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { patient } from '../../src/activities/patience.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Page, Source } from '../../src/core/connector.js';
import { entriesOf } from '../../src/records/tar/entry.js';
import { startFakeS3, type Asked, type FakeS3 } from '../support/fake-s3.js';
import { writeFiles } from '../support/file-tree.js';
import { collect, partitionsOf, readPages, testContext } from '../support/reading.js';

const MIB = 1_048_576;
const LARGE = 3 * 16 * MIB + 5;
const WHOLE = { id: '0', range: { after: null, to: null }, estimate: null };

const entriesIn = (pages: readonly Page[]) =>
  pages.flatMap((page) => [...entriesOf(Buffer.concat([...page.payload.chunks]))]);
/** What a reader makes of the entries: a piece at offset 0 begins an object anew. */
function objectsIn(pages: readonly Page[]): Map<string, Buffer> {
  const objects = new Map<string, Buffer>();
  for (const { entry, body } of entriesIn(pages)) {
    const before = entry.offset === 0 ? Buffer.alloc(0) : objects.get(entry.key)!;
    expect(before.length).toBe(entry.offset);
    objects.set(entry.key, Buffer.concat([before, body]));
  }
  return objects;
}
const rejectsIn = (pages: readonly Page[]) => pages.flatMap(({ rejects = [] }) => rejects);
const recordsIn = (pages: readonly Page[]) => pages.reduce((sum, page) => sum + page.records, 0);

describe('a bucket', () => {
  let fake: FakeS3;
  let source: Source;
  beforeEach(async () => {
    fake = await startFakeS3();
    for (let index = 0; index < 30; index += 1) fake.put(`k${10 + index}`, `body ${index}`);
    const { source: open } = createS3Connection(
      'cloud',
      fake.connection({ streams: { all: { prefix: '' } } }),
    );
    source = patient(open!({ pageSize: 10 }), { now: Date.now, sleep: async () => undefined });
  });
  afterEach(() => fake.stop());

  const gets = (key: string): Asked[] =>
    fake.requests.filter((asked) => asked.method === 'GET' && asked.key === key);
  /** Does it once, before the answer to a matching request. */
  const once = (matches: (asked: Asked) => boolean, act: () => ReturnType<FakeS3['trouble']>) => {
    let isDone = false;
    fake.trouble = (asked) => {
      if (isDone || !matches(asked)) return null;
      isDone = true;
      return act();
    };
  };

  test('gives an object that changed since it was listed as it is now', async () => {
    once(
      ({ key }) => key === 'k20',
      () => (fake.put('k20', 'new and longer'), null),
    );
    const pages = await readPages(source, 'all', WHOLE);
    expect(objectsIn(pages).get('k20')!.toString()).toBe('new and longer');
    expect(recordsIn(pages)).toBe(30);
    expect([...objectsIn(pages).keys()]).toEqual([...fake.objects.keys()]);
  });

  test('gives a large object that changed between two pieces anew, from its beginning', async () => {
    fake.put('k20', randomBytes(LARGE));
    const later = randomBytes(LARGE + 100);
    once(
      ({ headers }) => String(headers.range).startsWith(`bytes=${32 * MIB}`),
      () => (fake.put('k20', later), null),
    );
    const pages = await readPages(source, 'all', WHOLE);
    expect(objectsIn(pages).get('k20')!.equals(later)).toBe(true);
    expect(recordsIn(pages)).toBe(30);
  });

  test('sets an object aside that changes whenever it is read', async () => {
    let version = 0;
    fake.trouble = ({ key }) => {
      if (key === 'k20') fake.put('k20', `version ${(version += 1)}`);
      return null;
    };
    const pages = await readPages(source, 'all', WHOLE);
    expect(rejectsIn(pages)).toMatchObject([{ code: 'object_changing', records: 1, payload: null }]);
    expect(recordsIn(pages)).toBe(29);
  });

  test('passes over an object that was removed since it was listed', async () => {
    once(
      ({ key }) => key === 'k20',
      () => (fake.objects.delete('k20'), null),
    );
    const pages = await readPages(source, 'all', WHOLE);
    expect(recordsIn(pages)).toBe(29);
    expect(rejectsIn(pages)).toEqual([]);
  });

  test('sets aside an object that may not be read, and reads the others', async () => {
    fake.trouble = ({ key }) => (key === 'k20' ? { status: 403, code: 'AccessDenied' } : null);
    const pages = await readPages(source, 'all', WHOLE);
    expect(rejectsIn(pages)).toMatchObject([{ code: 'permission_denied', records: 1 }]);
    expect(rejectsIn(pages)[0]!.message).toContain('k20');
    expect(recordsIn(pages)).toBe(29);
  });

  test('reads a body again that came cut short, and asks again when it is told to slow down', async () => {
    once(
      ({ key }) => key === 'k20',
      () => 'cut',
    );
    expect(
      objectsIn(await readPages(source, 'all', WHOLE))
        .get('k20')!
        .toString(),
    ).toBe('body 10');
    once(
      ({ key }) => key === 'k25',
      () => ({ status: 503, code: 'SlowDown' }),
    );
    const ctx = testContext();
    expect(recordsIn(await collect(source.read(ctx, 'all', WHOLE, null)))).toBe(30);
    expect(ctx.waits).not.toEqual([]);
  });

  test.for([
    ['a bucket that is gone', { status: 404, code: 'NoSuchBucket' }, 'bucket_missing'],
    ['a wrong secret', { status: 403, code: 'SignatureDoesNotMatch' }, 'unauthorized'],
    ['a listing that is denied', { status: 403, code: 'AccessDenied' }, 'permission_denied'],
  ] as const)('ends by name at %s', async ([, trouble, code]) => {
    fake.trouble = ({ key }) => (key === '' || code !== 'permission_denied' ? trouble : null);
    await expect(readPages(source, 'all', WHOLE)).rejects.toMatchObject({ code });
  });

  test('is read on in the middle of a large object, no piece twice', async () => {
    const body = randomBytes(LARGE);
    fake.put('k20', body);
    const pages = await readPages(source, 'all', WHOLE);
    const begun = pages.findIndex(
      ({ next }) => (next as { part?: { offset: number } } | null)?.part?.offset === 32 * MIB,
    );
    fake.requests.length = 0;
    const rest = await readPages(source, 'all', WHOLE, pages[begun]!.next);
    expect(gets('k20').map(({ headers }) => headers.range)).toEqual([
      `bytes=${32 * MIB}-${48 * MIB - 1}`,
      `bytes=${48 * MIB}-${LARGE - 1}`,
    ]);
    const all = [...pages.slice(0, begun + 1), ...rest];
    expect(objectsIn(all).get('k20')!.equals(body)).toBe(true);
    expect(recordsIn(all)).toBe(30);
  });

  test('takes one request an object and a thousand keys', async () => {
    const ctx = testContext();
    await collect(source.read(ctx, 'all', WHOLE, null));
    expect(ctx.requests()).toBe(31);
  });

  test('moves on over keys that are not wanted', async () => {
    for (let index = 0; index < 2_500; index += 1) fake.put(`z${10_000 + index}`, '');
    const { source: open } = createS3Connection(
      'cloud',
      fake.connection({ streams: { all: { prefix: '', exclude: ['z*'] } } }),
    );
    const pages = await readPages(open!({}), 'all', WHOLE);
    expect(recordsIn(pages)).toBe(30);
    expect(pages.map(({ next }) => (next as { after: string } | null)?.after)).toEqual([
      'z10969',
      'z11969',
      'z12499',
    ]);
  });
});

describe('a folder', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'folder-'))));
  afterEach(() => rm(root, { recursive: true, force: true }));

  const sourceOf = (pageSize = 5) =>
    createFileConnection('disk', { type: 'file', path: root, streams: { all: { path: 'all' } } }).source!({
      pageSize,
    });

  test('gives a large file that changed between two pieces anew, and passes over one that was removed', async () => {
    await writeFiles(path.join(root, 'all'), { a: 'a', b: randomBytes(LARGE), c: 'c', d: 'd' });
    const later = randomBytes(LARGE - 7);
    const pages: Page[] = [];
    for await (const page of sourceOf().read(testContext(), 'all', WHOLE, null)) {
      pages.push(page);
      if (pages.length > 1) continue;
      await writeFile(path.join(root, 'all/b'), later);
      await unlink(path.join(root, 'all/c'));
    }
    expect([...objectsIn(pages).keys()]).toEqual(['a', 'b', 'd']);
    expect(objectsIn(pages).get('b')!.equals(later)).toBe(true);
    expect(recordsIn(pages)).toBe(3);
  });

  test('sets aside a file whose name is no text', async () => {
    await writeFiles(path.join(root, 'all'), { a: 'a', z: 'z' });
    await writeFile(Buffer.concat([Buffer.from(path.join(root, 'all/m')), Buffer.from([0xff])]), 'x');
    const pages = await readPages(sourceOf(), 'all', WHOLE);
    expect(rejectsIn(pages)).toMatchObject([{ code: 'name_unfit', records: 1 }]);
    expect(recordsIn(pages)).toBe(2);
  });

  test('is named where it is not there', async () => {
    await expect(readPages(sourceOf(), 'all', WHOLE)).rejects.toMatchObject({ code: 'source_not_found' });
  });

  test('is cut into parts of about the same number of files', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, i) => [`${i % 10}/${i % 100}/${i}`, '']),
    );
    await writeFiles(path.join(root, 'all'), files);
    const source = sourceOf(1_000);
    const partitions = await partitionsOf(source, 'all', 8);
    const counts = await Promise.all(
      partitions.map(async (part) => recordsIn(await readPages(source, 'all', part))),
    );
    expect(counts.reduce((a, b) => a + b)).toBe(2_000);
    expect(Math.max(...counts)).toBeLessThanOrEqual(400);
  });
});
