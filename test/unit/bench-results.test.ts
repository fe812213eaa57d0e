// bench/results.md keeps the last run of each case.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepResult } from '../../bench/support/results.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'results-'))));
afterAll(() => rm(folder, { recursive: true }));

test('a case replaces what is said of it alone, and all stay in their order', async () => {
  const file = path.join(folder, 'results.md');
  const keep = (name: string, time: string) =>
    keepResult(file, ['copy', 'restore'], {
      name,
      from: `by a command`,
      tables: [{ title: 'Times', columns: ['way', 'time'], rows: [['a way', time]], notes: ['A note.'] }],
    });
  await keep('restore', '2 s');
  await keep('copy', '3 s');
  await keep('restore', '1 s');
  const section = (name: string, time: string) =>
    `# ${name}\n\nby a command\n\n## Times\n\n| way | time |\n| --- | ---: |\n| a way | ${time} |\n\nA note.\n`;
  expect(await readFile(file, 'utf8')).toBe(
    `# Results\n\n${section('copy', '3 s')}\n${section('restore', '1 s')}`,
  );
});
