// Lines that are found last first come out first first, however many there are.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createReversed } from '../../src/archive/reversed.js';
import { storeIn } from '../support/archives.js';
import { collect } from '../support/reading.js';

test.for([0, 1, 60_000])('gives %i lines back in reverse and leaves nothing in the store', async (count) => {
  const root = await mkdtemp(path.join(tmpdir(), 'reversed-'));
  const reversed = createReversed(storeIn(root), 'scratch/one');
  const lines = Array.from({ length: count }, (_, i) => `line ${i} ${'ü'.repeat(40)}\n`);
  for (const line of lines) await reversed.add(line);
  const pieces = await readdir(root, { recursive: true });
  const found = Buffer.concat(await collect(reversed.read())).toString('utf8');
  expect(found === lines.toReversed().join('')).toBe(true);
  expect(pieces.filter((name) => name.endsWith('.jsonl'))).toHaveLength(
    Math.floor(lines.join('').length / 1_048_576),
  );
  expect(await readdir(path.join(root, 'scratch')).catch(() => [])).toEqual([]);
  await rm(root, { recursive: true });
});
