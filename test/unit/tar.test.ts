// Objects as entries of tar files: what is written is read again, by Longhaul, by GNU tar and by Python.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TRAILER } from '../../src/records/tar/block.js';
import { entriesOf, readHead, writeEntry, type ObjectEntry } from '../../src/records/tar/entry.js';
import { safePath } from '../../src/records/tar/path.js';
import { goesOn } from '../../src/records/tar/scan.js';
import { createScanner } from '../../src/records/scan.js';
import { NASTY_KEYS } from '../support/nasty-keys.js';

const run = promisify(execFile);

const entryOf = (key: string, size: number, rest: Partial<ObjectEntry> = {}): ObjectEntry => ({
  key,
  size,
  offset: 0,
  mtime: '1700000000.123456789',
  ...rest,
});
const bytesOf = (entry: ObjectEntry, body: Uint8Array) => Buffer.concat(writeEntry(entry, body));

const key = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  fc.constantFrom(...NASTY_KEYS),
  fc
    .array(fc.constantFrom('', '.', '..', 'a', '%lh-', '%', 'b%2E'), { minLength: 1 })
    .map((parts) => parts.join('/')),
);
const texts = fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), {
  maxKeys: 3,
  noNullPrototype: true,
});
const anEntry = fc.record({
  key,
  body: fc.uint8Array({ maxLength: 1_500 }),
  mtime: fc.constantFrom('0', '1700000000', '1700000000.123456789', '-1.5', '99999999999'),
  mode: fc.integer({ min: 0, max: 0o777 }),
  version: fc.string(),
  metadata: texts,
  tags: texts,
});

function written({ body, ...entry }: Omit<ObjectEntry, 'size' | 'offset'> & { body: Uint8Array }): Buffer {
  return bytesOf({ ...entry, size: body.length, offset: 0 }, body);
}

describe('an entry', () => {
  test('is read as it was written, whatever key and metadata it has', () => {
    fc.assert(
      fc.property(fc.array(anEntry, { maxLength: 4 }), (all) => {
        const read = [...entriesOf(Buffer.concat(all.map(written)))];
        expect(read.map(({ entry, body }) => ({ ...entry, body: [...body] }))).toEqual(
          all.map((entry) => ({ ...entry, size: entry.body.length, offset: 0, body: [...entry.body] })),
        );
      }),
    );
  });

  test('keeps metadata of any name', () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const [read] = [...entriesOf(bytesOf(entryOf('a', 0, { metadata }), new Uint8Array()))];
    expect(Object.entries(read!.entry.metadata!)).toEqual(Object.entries(metadata));
  });

  test('is found however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anEntry, { maxLength: 4 }),
        fc.array(fc.nat(6_000)),
        fc.boolean(),
        (all, cuts, ended) => {
          const entries = all.map(written);
          const bytes = Buffer.concat([...entries, ...(ended ? [TRAILER] : [])]);
          const scanner = createScanner('tar');
          const places = [
            0,
            ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
            bytes.length,
          ];
          let [records, parted] = [0, 0];
          for (const [index, end] of places.slice(1).entries()) {
            const found = scanner.feed(bytes.subarray(places[index], end));
            records += found.records;
            if (found.end > 0) parted = places[index]! + found.end;
          }
          expect({ records, parted, whole: scanner.isWhole() }).toEqual({
            records: all.length,
            parted: Buffer.concat(entries).length,
            whole: true,
          });
        },
      ),
    );
  });

  test('that is cut short, or followed by something else, makes the file not whole', () => {
    const entry = bytesOf(entryOf('a', 700), Buffer.alloc(700, 'x'));
    for (const bytes of [
      entry.subarray(0, -1),
      entry.subarray(0, 600),
      Buffer.concat([entry, Buffer.alloc(512)]),
      Buffer.concat([entry, TRAILER, entry]),
      Buffer.concat([entry, Buffer.alloc(512, 'x')]),
    ]) {
      const scanner = createScanner('tar');
      scanner.feed(bytes);
      expect(scanner.isWhole()).toBe(false);
    }
  });

  test('of a piece counts as a record only where the object ends with it', () => {
    const pieces = [0, 600, 1_200].map((offset) =>
      writeEntry(entryOf('big', 1_500, { offset }), Buffer.alloc(offset === 1_200 ? 300 : 600)),
    );
    const counts = pieces.map((chunks) => createScanner('tar').feed(Buffer.concat(chunks)));
    expect(counts.map(({ records }) => records)).toEqual([0, 0, 1]);
    expect(counts.map(({ end }) => end)).toEqual(pieces.map((chunks) => Buffer.concat(chunks).length));
    expect(pieces.map(goesOn)).toEqual([false, true, true]);
  });

  test('with a bit turned over in its header is none', () => {
    const bytes = bytesOf(entryOf('a', 3), Buffer.from('abc'));
    for (const at of [0, 100, 130, 156, 257]) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 1;
      expect(readHead(broken)).toBe('broken');
    }
  });
});

describe('a path in a tar file', () => {
  test('never leaves its folder, whatever the key', () => {
    fc.assert(
      fc.property(key, fc.constantFrom('tar' as const, 'disk' as const), (key, strictness) => {
        const parts = safePath(key, strictness).split('/');
        expect(parts.filter((part) => ['', '.', '..'].includes(part) || part.includes('\0'))).toEqual([]);
        expect(Math.max(...parts.map((part) => Buffer.byteLength(part)))).toBeLessThanOrEqual(255);
        expect(path.resolve('/root', safePath(key, strictness)).startsWith('/root/')).toBe(true);
      }),
    );
  });

  test('is another one for every other key', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        fc.pre(a !== b);
        for (const strictness of ['tar', 'disk'] as const) {
          expect(safePath(a, strictness)).not.toBe(safePath(b, strictness));
        }
      }),
    );
  });

  test('is the key itself where that is an ordinary one', () => {
    const plain = ['a', 'photos/2024/ä ö 🚚.jpg', 'x/.hidden', 'a%20b', '100%', 'name\nwith lines'];
    expect(plain.map((key) => safePath(key, 'disk'))).toEqual(plain);
    expect(safePath('/etc/../passwd', 'disk')).toBe('%lh-/etc/%lh-%2E%2E/passwd');
    expect(safePath('%lh-/etc', 'disk')).toBe('%lh-%25lh-/etc');
  });
});

describe('other tools', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'tar-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const objects = [...NASTY_KEYS, 'plain/file.txt'].map((key, index) => ({
    entry: entryOf(key, index, { mode: 0o640, metadata: { ünï: 'code=1\n2' } }),
    body: Buffer.alloc(index, String(index % 10)),
  }));

  test('extract every object, in silence, to paths that stay inside', async () => {
    const file = path.join(folder, 'all.tar');
    await writeFile(
      file,
      Buffer.concat([...objects.flatMap(({ entry, body }) => writeEntry(entry, body)), TRAILER]),
    );
    const out = path.join(folder, 'out');
    await run('mkdir', [out]);
    expect(await run('tar', ['-xf', file, '-C', out])).toEqual({ stdout: '', stderr: '' });
    const files = (await readdir(out, { recursive: true, withFileTypes: true })).filter((found) =>
      found.isFile(),
    );
    expect(files).toHaveLength(objects.length);
    for (const { entry, body } of objects) {
      expect((await readFile(path.join(out, safePath(entry.key, 'tar')))).equals(body)).toBe(true);
    }
  });

  test('see the true key, the time and the attributes in Python', async () => {
    const file = path.join(folder, 'all.tar');
    const script = `
import json, sys, tarfile
print(json.dumps([[m.name, m.mtime, m.mode, json.loads(m.pax_headers['SCHILY.xattr.user.longhaul'])] for m in tarfile.open(sys.argv[1])]))`;
    const { stdout } = await run('python3', ['-c', script, file]);
    expect(JSON.parse(stdout)).toEqual(
      objects.map(({ entry: { mtime, mode, ...attribute } }) => [
        safePath(attribute.key, 'tar'),
        Number(mtime),
        mode,
        attribute,
      ]),
    );
  });
});
