// A folder under the suite for all stores, and what only a folder has: links, modes, a disk that fills up.
import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileConnection } from '../../src/connectors/file/index.js';
import type { Store } from '../../src/core/store.js';
import { testContext } from '../support/reading.js';
import { cannotMount, mountSmallDisk } from '../support/small-disk.js';
import { describeStore, paths, read } from './store-suite.js';

const run = promisify(execFile);
const noMount = await cannotMount();

describeStore('file', {
  async open() {
    const root = await mkdtemp(path.join(tmpdir(), 'file-store-'));
    return { store: storeIn(root), other: storeIn(root), dispose: () => rm(root, { recursive: true }) };
  },
});

describe('the store file', () => {
  let root: string;
  let store: Store;

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'file-store-'));
    store = storeIn(path.join(root, 'vault'));
  });
  afterEach(() => rm(root, { recursive: true }));

  test('keeps files and folders for their owner alone', async () => {
    await store.put('a/object', Buffer.from('x'));
    await store.put('a/once', Buffer.from('x'), { ifAbsent: true });
    const modes = ['a', 'a/object', 'a/once'].map(
      async (name) => (await lstat(path.join(root, 'vault', name))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o600, 0o600]);
  });

  test('holds nothing under names that no file can have, and nothing inside of a file', async () => {
    await store.put('a/object', Buffer.from('x'));
    for (const nowhere of [`a/${'0'.repeat(256)}`, 'a/object/inside']) {
      await expect(read(store, nowhere)).rejects.toMatchObject({ code: 'object_missing' });
      expect(await store.stat(nowhere)).toBeNull();
      expect(await paths(store, nowhere)).toEqual([]);
      await expect(store.put(nowhere, Buffer.from('x'))).rejects.toMatchObject({ code: 'sink_unwritable' });
    }
  });

  test('refuses a path through a symbolic link that leads out', async () => {
    await mkdir(path.join(root, 'outside'));
    await writeFile(path.join(root, 'outside/secret'), 'secret');
    await mkdir(path.join(root, 'vault'));
    await symlink('../outside', path.join(root, 'vault/link'));
    const refused = { code: 'spec_invalid' };
    await expect(read(store, 'link/secret')).rejects.toMatchObject(refused);
    await expect(store.put('link/new', Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(store.create('link/deep/new')).rejects.toMatchObject(refused);
    await expect(store.remove('link/secret')).rejects.toMatchObject(refused);
    await expect(store.removeAll('link')).rejects.toMatchObject(refused);
    expect(await paths(store, '')).toEqual([]);
    expect(await readdir(path.join(root, 'outside'))).toEqual(['secret']);
  });

  test('does not follow links when it removes a folder', async () => {
    await mkdir(path.join(root, 'outside'));
    await writeFile(path.join(root, 'outside/kept'), 'kept');
    await store.put('a/object', Buffer.from('x'));
    await symlink('../../outside', path.join(root, 'vault/a/link'));
    await store.removeAll('a');
    expect(await readdir(path.join(root, 'outside'))).toEqual(['kept']);
  });

  test('works below a root that is itself a link', async () => {
    await mkdir(path.join(root, 'disk'));
    await symlink('disk', path.join(root, 'vault'));
    await store.put('a/object', Buffer.from('x'));
    expect(await paths(store, '')).toEqual(['a/object']);
  });

  test('says which object it could not write where a file stands in the way', async () => {
    await store.put('a', Buffer.from('a file'));
    const refused = { code: 'sink_unwritable', message: expect.stringContaining('a/b') as string };
    await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject(refused);
  });

  test('removes an emptied folder when it sweeps', async () => {
    await store.put('a/b/object', Buffer.from('x'));
    await store.remove('a/b/object');
    await store.sweep('a');
    expect(await readdir(path.join(root, 'vault'))).toEqual([]);
  });

  test('makes its folder and tells the free space when it is checked, and leaves no probe', async () => {
    const folder = path.join(root, 'new/vault');
    const found = await createFileConnection('vault', { type: 'file', path: folder }).check(testContext());
    expect(found).toMatch(/vault is writable, \d+\.\d GB free$/);
    expect(await readdir(folder)).toEqual([]);
  });

  test('names a full disk, and leaves nothing of what did not fit', async (context) => {
    context.skip(noMount !== null, noMount ?? '');
    const disk = await mountSmallDisk('size=1m');
    try {
      const small = storeIn(disk.folder);
      const writer = await small.create('a/large');
      const writing = async () => {
        for (let i = 0; i < 40; i += 1) await writer.write(Buffer.alloc(65_536, i));
      };
      await expect(writing()).rejects.toMatchObject({ code: 'disk_full' });
      await writer.abort();
      await expect(small.put('a/large', Buffer.alloc(2_000_000))).rejects.toMatchObject({
        code: 'disk_full',
      });
      expect(await readdir(path.join(disk.folder, 'a'))).toEqual([]);
      expect(await small.put('a/small', Buffer.alloc(500_000))).toBe(true);
    } finally {
      await disk.unmount();
    }
  });

  test('names a folder that cannot be written', async (context) => {
    context.skip(noMount !== null, noMount ?? '');
    const disk = await mountSmallDisk('size=1m');
    try {
      const locked = createFileConnection('locked', { type: 'file', path: disk.folder });
      await disk.remount('ro');
      const refused = { code: 'sink_unwritable', message: expect.stringContaining('EROFS') as string };
      await expect(locked.check(testContext())).rejects.toMatchObject(refused);
      await expect(storeIn(disk.folder).put('a', Buffer.from('x'))).rejects.toMatchObject(refused);
    } finally {
      await disk.unmount();
    }
  });

  test('names a folder that it has no permission for', async (context) => {
    const folder = path.join(root, 'immutable');
    await mkdir(folder);
    const isImmutable = await run('chattr', ['+i', folder]).catch(() => null);
    context.skip(isImmutable === null, 'needs the right to make a folder immutable');
    try {
      const refused = { code: 'sink_unwritable', message: expect.stringContaining('EPERM') as string };
      await expect(storeIn(folder).put('a', Buffer.from('x'))).rejects.toMatchObject(refused);
    } finally {
      await run('chattr', ['-i', folder]);
    }
  });
});

function storeIn(folder: string): Store {
  const { store } = createFileConnection('vault', { type: 'file', path: folder });
  if (!store) throw new Error('a file connection has a store');
  return store();
}
