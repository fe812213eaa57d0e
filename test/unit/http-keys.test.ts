// Old keys and the new ones of a target: kept in runs, put together once, found with little memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createShared } from '../../src/connectors/http/shared.js';
import { keyText } from '../../src/connectors/http/target/key-texts.js';
import type { KeyIndex } from '../../src/connectors/http/target/key-table.js';
import { createKeys, type Keys } from '../../src/connectors/http/target/keys.js';
import type { Store } from '../../src/core/store.js';
import { storeIn } from '../support/archives.js';
import { collect, testContext } from '../support/reading.js';
import { createFaultyStore, createHeldUpStore } from '../support/wrapped-store.js';

const FOLDER = '.jobs/restore-1';
const STREAM = 'ac/counts 🚚';

let root: string;
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'keys-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

function keysOn(store: Store, folder = FOLDER, before: string | null = null): Keys {
  return createKeys({ store, folder, before }, createShared<KeyIndex>());
}
const pair = (n: number, now = `"new-${n}"`) => ({ old: String(n), now });

describe('a key', () => {
  test.for([
    ['12', '12'],
    ['-0.50e3', '-0.50e3'],
    ['"12"', '"12"'],
    [String.raw`"\u00e9\/"`, '"é/"'],
    [String.raw`"\ud800\n"`, String.raw`"\ud800\n"`],
    ['null', null],
    ['true', null],
    ['{"id":1}', null],
    ['[1]', null],
  ] as const)('%s is found as %s', ([raw, text]) => {
    expect(keyText(Buffer.from(raw))).toBe(text);
    expect(keyText(undefined)).toBeNull();
  });
});

describe('the keys of a stream', () => {
  test('are found as they were noted, however they were divided into runs', async () => {
    const olds = fc.oneof(
      fc.integer().map(String),
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    );
    const runs = fc.array(fc.uniqueArray(olds, { maxLength: 20 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(runs, olds, async (noted, other) => {
        const keys = keysOn(storeIn(await mkdtemp(path.join(root, 'p-'))));
        const all = new Map(noted.flat().map((old) => [old, `"new ${old.length}"`]));
        for (const [i, run] of noted.entries()) {
          await keys.note(STREAM, { name: `0-${i}`, pairs: run.map((old) => ({ old, now: all.get(old)! })) });
        }
        const find = await keys.lookup(testContext(), STREAM);
        expect(await find([...all.keys(), `${other}x`])).toEqual(all);
      }),
      { numRuns: 40 },
    );
    expect.hasAssertions();
  });

  test('are found among many, read in small pieces', { timeout: 120_000 }, async () => {
    const store = storeIn(root);
    const keys = keysOn(store);
    const [runs, each] = [40, 5_000];
    const long = 'x'.repeat(60);
    for (let run = 0; run < runs; run += 1) {
      const pairs = Array.from({ length: each }, (_, i) =>
        pair(run * each + i, `"${long}${run * each + i}"`),
      );
      await keys.note(STREAM, { name: `0-${run}`, pairs });
    }
    const find = await keys.lookup(testContext(), STREAM);
    for (const [first, step] of [
      [0, 97],
      [1, 89],
      [0, 97],
    ] as const) {
      const wanted = Array.from({ length: 2_000 }, (_, i) => String(first + i * step));
      const found = await find([...wanted, String(runs * each)]);
      expect(found.size).toBe(2_000);
      expect([...found].every(([old, now]) => now === `"${long}${old}"`)).toBe(true);
    }
  });

  test('are none where nothing was noted', async () => {
    const find = await keysOn(storeIn(root)).lookup(testContext(), STREAM);
    expect(await find(['1', '"1"'])).toEqual(new Map());
  });

  test('are those of the jobs before as well, whose rejects are tried again, the newest first', async () => {
    const store = storeIn(root);
    const jobs = [null, '.jobs/a', '.jobs/b', '.jobs/c'] as const;
    for (const [i, folder] of jobs.entries()) {
      if (folder === null) continue;
      const keys = keysOn(store, folder, jobs[i - 1]);
      await keys.begin();
      await keys.note(STREAM, { name: '0-0', pairs: [pair(i), pair(9, `"of ${folder}"`)] });
    }
    const find = await keysOn(store, '.jobs/c', '.jobs/b').lookup(testContext(), STREAM);
    const expected = new Map([1, 2, 3].map((n) => [String(n), `"new-${n}"`]));
    expect(await find(['1', '2', '3', '9'])).toEqual(expected.set('9', '"of .jobs/c"'));
    const before = await keysOn(store, '.jobs/a').lookup(testContext(), STREAM);
    expect((await before(['1', '2'])).size).toBe(1);
  });
});

describe('putting keys together', () => {
  test.for([false, true])('comes to the same whichever step breaks, done or not: %s', async (takesEffect) => {
    let more = true;
    for (let at = 0; more; at += 1) {
      await keysOn(storeIn(root)).note(STREAM, { name: '0-0', pairs: [pair(1), pair(2)] });
      const store = createFaultyStore(storeIn(root), { at, takesEffect, forGood: true });
      const broken = await keysOn(store)
        .lookup(testContext(), STREAM)
        .then(() => false)
        .catch(() => true);
      const find = await keysOn(storeIn(root)).lookup(testContext(), STREAM);
      expect((await find(['1', '2', '3'])).size).toBe(2);
      more = broken;
      await store.close().catch(() => undefined);
      await rm(root, { recursive: true, force: true });
    }
  });

  test('is done by two processes at once to one end, wherever one is held up', async () => {
    for (let at = 0, more = true; more; at += 1) {
      await keysOn(storeIn(root)).note(STREAM, { name: '0-0', pairs: [pair(1)] });
      const store = createHeldUpStore(storeIn(root), at, async () => {
        await keysOn(storeIn(root)).lookup(testContext(), STREAM);
      });
      const find = await keysOn(store).lookup(testContext(), STREAM);
      expect(await find(['1'])).toEqual(new Map([['1', '"new-1"']]));
      more = store.reached() !== null;
      const left = await collect(storeIn(root).list(FOLDER));
      expect(left.filter(({ path: name }) => name.includes('/table-'))).toHaveLength(1);
      await rm(root, { recursive: true, force: true });
    }
  });

  test('is done once for all lanes of a process; who is told to stop leaves it to the others', async () => {
    const store = storeIn(root);
    await keysOn(store).note(STREAM, { name: '0-0', pairs: [pair(1)] });
    const [first, second] = [testContext(), testContext()];
    const held = createHeldUpStore(store, 2, async () => first.halt());
    const keys = createKeys({ store: held, folder: FOLDER, before: null }, createShared<KeyIndex>());
    const lookups = await Promise.allSettled([keys.lookup(first, STREAM), keys.lookup(second, STREAM)]);
    expect(lookups.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(lookups[0]).toMatchObject({ reason: { name: 'Stopped' } });
  });
});
