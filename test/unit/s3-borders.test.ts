// Keys are parted into about even ranges by looks at few of them, however they are spread.
import { describe, expect, test } from 'vitest';
import { findBorders, type Look } from '../../src/connectors/s3/borders.js';
import { compareKeys } from '../../src/connectors/objects/tree.js';

const LOOK = 100;
const COUNT = 100_000;
const padded = (index: number, digits = 9): string => String(index).padStart(digits, '0');
/** The same in every run. */
const hashed = (index: number): string =>
  (Math.imul(index, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');

const SPREADS: Readonly<Record<string, (index: number) => string>> = {
  'numbers with a long beginning in common': (index) => `backups/daily/database/part-${padded(index)}`,
  'numbers of any length': (index) => `n${index}`,
  hashes: (index) => `${hashed(index)}/${hashed(index * 7)}`,
  'a folder a day': (index) =>
    `logs/${2_000 + (index % 20)}/${padded(index % 12, 2)}/${padded(index % 28, 2)}/${index}.gz`,
  'one folder with nearly all, and many small ones': (index) =>
    index % 50 === 0
      ? `${'abcdefghijklmnopqrstuvwxyz'[(index / 50) % 26]}/${index}`
      : `main/${padded(index)}`,
  'letters beyond the basic plane': (index) =>
    `${String.fromCodePoint(0x1f300 + (index % 200))}/${padded(index)}`,
};

function lookAt(keys: readonly string[]) {
  let looks = 0;
  const look: Look = async (below, after) => {
    looks += 1;
    const found = keys.filter(
      (key) => key.startsWith(below) && (after === null || compareKeys(key, after) > 0),
    );
    return { keys: found.slice(0, LOOK), more: found.length > LOOK };
  };
  return { look, looks: () => looks };
}

describe.each(Object.entries(SPREADS))('%s', (_name, keyOf) => {
  // Every hundredth stands for a hundred, so that a look in this test need not go through them all.
  const keys = Array.from({ length: COUNT / 10 }, (_, index) => keyOf(index * 10 + (index % 7))).sort(
    compareKeys,
  );

  test.for([2, 8, 32])('in up to %d parts', async (want) => {
    const { look, looks } = lookAt(keys);
    const borders = await findBorders(look, want);
    expect(borders).toEqual(borders.toSorted(compareKeys));
    const ends = [...borders, null];
    const sizes = ends.map((end, index) => {
      const begin = index === 0 ? null : borders[index - 1]!;
      const isIn = (key: string) =>
        (begin === null || compareKeys(key, begin) > 0) && (end === null || compareKeys(key, end) <= 0);
      return keys.filter(isIn).length;
    });
    expect(sizes.reduce((a, b) => a + b)).toBe(keys.length);
    expect(Math.max(...sizes) / keys.length).toBeLessThanOrEqual(Math.max(2 / want, 0.1));
    expect(looks()).toBeLessThanOrEqual(500);
  });
});

test('a few keys are not parted', async () => {
  const { look, looks } = lookAt(['a', 'b', 'c']);
  expect(await findBorders(look, 8)).toEqual([]);
  expect(looks()).toBe(1);
});
