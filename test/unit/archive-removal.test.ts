// Archives that are removed: never one that another needs, whoever is faster, and never by halves.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readManifestAlone } from '../../src/archive/manifest.js';
import { removeArchive } from '../../src/archive/removal.js';
import { createFileConnection } from '../../src/connectors/file/index.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Connection } from '../../src/core/registry.js';
import type { Store } from '../../src/core/store.js';
import { treeOf, writeFiles } from '../support/file-tree.js';
import { incremental, type Incremental } from '../support/incremental.js';
import { testContext } from '../support/reading.js';
import { createFaultyStore, createHeldUpStore } from '../support/wrapped-store.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'removal-'));
  await writeFiles(path.join(root, 'from/photos'), { a: '1', 'b/c': '2' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const disk = (folder: string) =>
  createFileConnection('disk', { type: 'file', path: path.join(root, folder), streams: { photos: {} } });
const vault = (folder = 'vault') =>
  createFileConnection('vault', { type: 'file', path: path.join(root, folder) });
const within = (store: () => Store): Connection => ({ ...vault(), store });
const chainIn = (connection: Connection): Incremental => incremental(disk('from'), connection);
const remove = (archive: string, store = vault().store!()) => removeArchive(testContext(), store, archive);
const filesIn = async (folder: string) =>
  (await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));

describe('an archive that others need', () => {
  test('stays until they are gone, and the answer names one of them', async () => {
    const chain = chainIn(vault());
    await chain.backUp('a', { lanes: 1 });
    await chain.backUp('b', { base: 'a', lanes: 1 });
    await chain.backUp('c', { base: 'b', lanes: 1 });
    await expect(remove('a')).rejects.toMatchObject({ code: 'archive_needed' });
    await expect(remove('b')).rejects.toThrow('b cannot be removed: c refers to it.');
    await remove('c');
    await remove('b');
    await remove('a');
    await expect(remove('a')).rejects.toMatchObject({ code: 'archive_missing' });
    expect(await filesIn('vault')).toEqual([]);
  });

  test('goes once the job that began on it was given up', async () => {
    const chain = chainIn(vault());
    await chain.backUp('a', { lanes: 1 });
    const broken = within(() => createFaultyStore(vault().store!(), dying(20)));
    await expect(chainIn(broken).backUp('b', { base: 'a', lanes: 1 })).rejects.toThrow('broken on purpose');
    await expect(remove('a')).rejects.toMatchObject({ code: 'archive_needed' });
    await chain.giveUp('b', { base: 'a', lanes: 1 });
    await remove('a');
    expect(await filesIn('vault')).toEqual([]);
  });
});

const isArchive = async (store: Store): Promise<boolean> =>
  (await codeOf(readManifestAlone(store, 'a'))) === null;

const dying = (at: number) => ({ at, takesEffect: false, forGood: true });

/** The code of the error that it ends with; null: with none. */
async function codeOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    const cause = error instanceof LonghaulError ? error : (error as Error).cause;
    if (cause instanceof LonghaulError) return cause.code;
    throw error;
  }
}

describe('a removal', () => {
  test('that dies at any step leaves an archive or none, and goes on when it is asked for again', async () => {
    let deaths = 0;
    let halves = 0;
    for (let at = 0; ; at += 1) {
      const store = vault(`v-${at}`).store!();
      await incremental(disk('from'), vault(`v-${at}`)).backUp('a', { lanes: 1 });
      const before = (await filesIn(`v-${at}`)).length;
      if ((await codeOf(remove('a', createFaultyStore(store, dying(at))))) === null) break;
      deaths += 1;
      const after = (await filesIn(`v-${at}`)).filter((file) => file.startsWith(`v-${at}/a/`)).length;
      if ((await isArchive(store)) && after < before) halves += 1;
      expect([null, 'archive_missing']).toContain(await codeOf(remove('a', store)));
      expect(await filesIn(`v-${at}`)).toEqual([]);
    }
    expect(halves).toBe(0);
    expect(deaths).toBeGreaterThan(15);
  });

  test(
    'and a backup on the archive never both succeed, at whatever step the one meets the other',
    { timeout: 60_000 },
    async () => {
      const outcomes = new Set<string>();
      // A backup settles what it refers to at its begin; its later steps are all alike to a removal.
      for (let at = 0; ; at += at < 80 ? 1 : 9) {
        const kept = vault(`v-${at}`);
        const chain = incremental(disk('from'), kept);
        await chain.backUp('a', { lanes: 1 });
        let removal: Promise<string | null> = Promise.resolve(null);
        let opened = 0;
        const meanwhile = () => (removal = codeOf(remove('a', kept.store!()))).then(() => undefined);
        const held = createHeldUpStore(kept.store!(), at, meanwhile);
        const during = { ...kept, store: () => (opened++ === 0 ? held : kept.store!()) };
        const backup = await codeOf(incremental(disk('from'), during).backUp('b', { base: 'a', lanes: 1 }));
        if (held.reached() === null) break;
        outcomes.add(`${backup} ${await removal}`);
        if (backup !== null) continue;
        expect(await removal).toBe('archive_needed');
        await chain.restore('b', disk(`to-${at}`));
        expect(await treeOf(path.join(root, `to-${at}`))).toEqual(await treeOf(path.join(root, 'from')));
      }
      expect([...outcomes].toSorted()).toEqual(
        expect.arrayContaining(['archive_missing null', 'base_unsuitable null', 'null archive_needed']),
      );
    },
  );

  test('that a backup begins on at any step gives way to it, or stops it', async () => {
    const outcomes = new Set<string>();
    for (let at = 0; ; at += 1) {
      const kept = vault(`v-${at}`);
      const chain = incremental(disk('from'), kept);
      await chain.backUp('a', { lanes: 1 });
      let backup: Promise<string | null> = Promise.resolve(null);
      const meanwhile = () =>
        (backup = codeOf(chain.backUp('b', { base: 'a', lanes: 1 }))).then(() => undefined);
      const held = createHeldUpStore(kept.store!(), at, meanwhile);
      const removal = await codeOf(remove('a', held));
      if (held.reached() === null) break;
      outcomes.add(`${await backup} ${removal}`);
    }
    expect([...outcomes].toSorted()).toEqual([
      'archive_missing null',
      'base_unsuitable null',
      'null archive_needed',
    ]);
  });
});
