// What every store must do, wherever it keeps its objects: the guarantees of core/store.ts, as tests.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.js';
import { collect } from '../support/reading.js';

/** Two stores over one empty place, as two processes would have. */
export interface StoreUnderTest {
  readonly store: Store;
  readonly other: Store;
  dispose(): Promise<void>;
}

export interface StoreSubject {
  open(): Promise<StoreUnderTest>;
  /** From how many bytes on an unfinished write is more than a thought in its writer's memory. Default: from the first. */
  readonly unfinishedBytes?: number;
  /** Tests that cannot hold for this store, by title, each with its reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

type StoreTest = (it: StoreUnderTest, unfinishedBytes: number) => Promise<void>;

const ESCAPES = ['../out', 'a/../../out', '/etc/passwd', 'a//b', 'a/./b', '', '.', 'a/', 'a\0b', 'a\\..\\b'];

const TESTS: Readonly<Record<string, StoreTest>> = {
  'gives back what was written in many pieces': async ({ store, other }) => {
    const writer = await store.create('deep/er/object.bin');
    const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(70_000, i));
    for (const piece of pieces) await writer.write(piece);
    await writer.commit();
    const all = Buffer.concat(pieces);
    expect((await read(other, 'deep/er/object.bin')).equals(all)).toBe(true);
    expect(await other.stat('deep/er/object.bin')).toEqual({ path: 'deep/er/object.bin', size: all.length });
  },

  'shows nothing of an object before its commit': async ({ store, other }) => {
    const writer = await store.create('a/object');
    await writer.write(Buffer.alloc(100_000));
    expect(await other.stat('a/object')).toBeNull();
    expect(await collect(other.list('a'))).toEqual([]);
    await expect(read(other, 'a/object')).rejects.toMatchObject({ code: 'object_missing' });
    await writer.commit();
    expect(await paths(other, 'a')).toEqual(['a/object']);
  },

  'leaves nothing of an aborted object': async ({ store, other }) => {
    const writer = await store.create('a/object');
    await writer.write(Buffer.alloc(100_000));
    await writer.abort();
    await writer.abort();
    await other.sweep('a');
    expect(await collect(other.list('a'))).toEqual([]);
  },

  'keeps a committed object when abort follows': async ({ store }) => {
    const writer = await store.create('a/object');
    await writer.write(Buffer.from('kept'));
    await writer.commit();
    await writer.abort();
    expect(String(await read(store, 'a/object'))).toBe('kept');
  },

  'keeps what was there until another write of it commits': async ({ store, other }) => {
    await store.put('a/object', Buffer.from('old'));
    const writer = await store.create('a/object');
    await writer.write(Buffer.from('new'));
    expect(String(await read(other, 'a/object'))).toBe('old');
    await writer.commit();
    expect(String(await read(other, 'a/object'))).toBe('new');
  },

  'keeps an empty object': async ({ store }) => {
    await (await store.create('a/empty')).commit();
    expect(await store.stat('a/empty')).toEqual({ path: 'a/empty', size: 0 });
    expect(await read(store, 'a/empty')).toHaveLength(0);
  },

  'puts only where nothing is, when asked so': async ({ store, other }) => {
    expect(await store.put('a/once', Buffer.from('first'), { ifAbsent: true })).toBe(true);
    expect(await other.put('a/once', Buffer.from('second'), { ifAbsent: true })).toBe(false);
    expect(String(await read(other, 'a/once'))).toBe('first');
    expect(await paths(store, 'a')).toEqual(['a/once']);
  },

  'lets one of many win when all put the same object at once': async ({ store, other }) => {
    for (let round = 0; round < 20; round += 1) {
      const path = `races/${round}`;
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          (i % 2 ? store : other).put(path, Buffer.from(`by ${i}`), { ifAbsent: true }),
        ),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(String(await read(store, path))).toBe(`by ${results.indexOf(true)}`);
    }
  },

  'reads a range, its end excluded': async ({ store }) => {
    await store.put('a/digits', Buffer.from('0123456789'));
    expect(String(await read(store, 'a/digits', { start: 3 }))).toBe('3456789');
    expect(String(await read(store, 'a/digits', { start: 3, end: 6 }))).toBe('345');
    expect(String(await read(store, 'a/digits', { start: 3, end: 3 }))).toBe('');
    expect(String(await read(store, 'a/digits', { start: 8, end: 99 }))).toBe('89');
  },

  'names an object that is not there': async ({ store }) => {
    await expect(read(store, 'no/such')).rejects.toMatchObject({
      name: 'LonghaulError',
      code: 'object_missing',
    });
    expect(await store.stat('no/such')).toBeNull();
    await store.remove('no/such');
    await store.removeAll('no');
    await store.sweep('no');
  },

  'lists what is below a prefix, sorted, and nothing beside it': async ({ store }) => {
    for (const path of ['p/b/2', 'p/a', 'p/b/10', 'p/b.txt', 'p/ä', 'q/x', 'pp/y', 'p/.work/z']) {
      await store.put(path, Buffer.from(path));
    }
    expect(await paths(store, 'p')).toEqual(['p/.work/z', 'p/a', 'p/b.txt', 'p/b/10', 'p/b/2', 'p/ä']);
    expect(await paths(store, 'p/b')).toEqual(['p/b/10', 'p/b/2']);
    expect(await paths(store, 'none')).toEqual([]);
    expect(await paths(store, '')).toContain('q/x');
  },

  'names the folders right below one, sorted': async ({ store, other }) => {
    for (const path of ['f/b/x/1', 'f/b/2', 'f/b-1/3', 'f/.work/4', 'f/5', 'ff/g/6']) {
      await store.put(path, Buffer.from(path));
    }
    expect(await collect(other.folders('f'))).toEqual(['.work', 'b-1', 'b']);
    expect(await collect(other.folders('f/b'))).toEqual(['x']);
    expect(await collect(other.folders('f/b/x'))).toEqual([]);
    expect(await collect(other.folders('none'))).toEqual([]);
    expect(await collect(other.folders(''))).toEqual(expect.arrayContaining(['f', 'ff']));
  },

  'keeps names in any script': async ({ store, other }) => {
    const names = ['größe', '目録', 'файл с пробелом', 'emoji 🚚', "quo'te", 'a%2Fb', 'x'.repeat(200)];
    for (const name of names) await store.put(`u/${name}`, Buffer.from(name));
    expect((await paths(other, 'u')).toSorted()).toEqual(names.map((name) => `u/${name}`).toSorted());
    for (const name of names) expect(String(await read(other, `u/${name}`))).toBe(name);
  },

  'removes an object, and only it': async ({ store, other }) => {
    await store.put('a/1', Buffer.from('1'));
    await store.put('a/2', Buffer.from('2'));
    await store.remove('a/1');
    await store.remove('a/1');
    expect(await paths(other, 'a')).toEqual(['a/2']);
  },

  'removes everything below a prefix, unfinished writes too, and nothing beside it': async (
    { store, other },
    unfinishedBytes,
  ) => {
    for (const path of ['a/1', 'a/b/c/2', 'ab/3']) await store.put(path, Buffer.from(path));
    const unfinished = await store.create('a/b/unfinished');
    await unfinished.write(Buffer.alloc(unfinishedBytes));
    await other.removeAll('a');
    expect(await paths(other, '')).toEqual(['ab/3']);
    await expect(unfinished.commit()).rejects.toMatchObject({ name: 'LonghaulError' });
    expect(await paths(other, '')).toEqual(['ab/3']);
  },

  'sweeps away unfinished writes and leaves every object': async ({ store, other }, unfinishedBytes) => {
    await store.put('a/kept', Buffer.from('kept'));
    const unfinished = await store.create('a/b/unfinished');
    await unfinished.write(Buffer.alloc(unfinishedBytes));
    await other.sweep('a');
    await expect(unfinished.commit()).rejects.toMatchObject({ name: 'LonghaulError' });
    await unfinished.abort();
    expect(await paths(other, '')).toEqual(['a/kept']);
  },

  'refuses paths that leave its root': async ({ store }) => {
    for (const path of ESCAPES) {
      const refused = { name: 'LonghaulError', code: 'spec_invalid' };
      await expect(store.create(path), `create ${path}`).rejects.toMatchObject(refused);
      await expect(store.put(path, Buffer.from('x'), { ifAbsent: true })).rejects.toMatchObject(refused);
      await expect(store.stat(path)).rejects.toMatchObject(refused);
      await expect(read(store, path)).rejects.toMatchObject(refused);
      await expect(store.remove(path)).rejects.toMatchObject(refused);
      await expect(store.removeAll(path)).rejects.toMatchObject(refused);
      await expect(store.sweep(path)).rejects.toMatchObject(refused);
    }
  },

  'lets two write, list and remove in the same folders at the same time': async ({ store, other }) => {
    const both = [store, other];
    await Promise.all(
      both.map(async (mine, who) => {
        for (let i = 0; i < 25; i += 1) {
          await mine.put(`busy/${i % 3}/${who}-${i}`, Buffer.from('x'));
          await collect(mine.list('busy'));
          await mine.remove(`busy/${i % 3}/${who}-${i}`);
          await mine.sweep(`busy/none-${who}`);
        }
      }),
    );
    expect(await paths(store, 'busy')).toEqual([]);
  },
};

/** Holds one kind of store to the contract. */
export function describeStore(name: string, subject: StoreSubject): void {
  const skipped = new Map(subject.skip?.map(({ test, reason }) => [test, reason]));
  for (const title of skipped.keys()) {
    if (!(title in TESTS)) throw new Error(`the store suite has no test "${title}" to skip`);
  }
  describe(`${name} as a store`, () => {
    let it: StoreUnderTest;
    beforeEach(async () => void (it = await subject.open()));
    afterEach(async () => {
      await it.store.close();
      await it.other.close();
      await it.dispose();
    });
    test.for(Object.entries(TESTS))('%s', async ([title, run], context) => {
      context.skip(skipped.has(title), skipped.get(title));
      expect(await run(it, subject.unfinishedBytes ?? 10)).toBeUndefined();
    });
  });
}

export async function read(
  store: Store,
  path: string,
  range?: { start: number; end?: number },
): Promise<Buffer> {
  return Buffer.concat(await collect(store.read(path, range)));
}

export async function paths(store: Store, prefix: string): Promise<string[]> {
  return (await collect(store.list(prefix))).map((object) => object.path);
}
