// What people and callers write: the config, the spec of a job, the cursors of lists. Each is taken or refused by name, and no
// refusal repeats a secret.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../src/api/cursors.js';
import { loadConfig } from '../../src/config/load.js';
import { check } from '../../src/core/faults.js';
import { jobSpecSchema } from '../../src/core/spec.js';
import { packageRoot } from '../../src/dev/root.js';
import { BOUNDED, change, changed, readOrRefused } from '../support/fuzz.js';

const SECRET = 'hunter2hunter2';
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.for(['resolve', 'leave'] as const)(
  'a config that was changed anywhere is loaded or refused (%s)',
  async (secrets) => {
    const example = await readFile(path.join(packageRoot(), 'longhaul.config.yml'), 'utf8');
    const right = example.replaceAll('sample }', '"${TOKEN}" }');
    const file = path.join(folder, `${secrets}.yml`);
    await fc.assert(
      fc.asyncProperty(changes, async (them) => {
        await writeFile(file, changed(right, them));
        const { refused, message } = await readOrRefused(() =>
          loadConfig(file, { secrets, env: { TOKEN: SECRET } }),
        );
        expect([null, 'config_invalid']).toContain(refused);
        expect(message).not.toContain(SECRET);
      }),
      { ...BOUNDED, numRuns: 500 },
    );
  },
);

test('a config that names itself over and over is refused', async () => {
  const file = path.join(folder, 'bomb.yml');
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`);
  await writeFile(file, ['a0: &a0 x', ...levels, 'connections: {}'].join('\n'));
  const { refused } = await readOrRefused(() => loadConfig(file, { secrets: 'resolve', env: {} }));
  expect(refused).toBe('config_invalid');
});

const SPECS: readonly unknown[] = [
  {
    kind: 'backup',
    source: { connection: 'crm' },
    sink: { connection: 'vault' },
    options: { lanes: 2, checkpoint: { pages: 1 } },
  },
  {
    kind: 'verify',
    source: { connection: 'vault', archive: 'a/b' },
    options: { against: { connection: 'crm' } },
  },
  {
    kind: 'restore',
    source: { connection: 'vault', archive: 'a', streams: ['s'], keys: { from: [1] } },
    sink: { connection: 'db' },
  },
  {
    kind: 'export',
    source: { connection: 'crm' },
    sink: { connection: 'vault' },
    options: { format: 'csv' },
  },
];

test('any JSON is a spec of a job, or is refused with faults that name their place', () => {
  const nearly = fc
    .tuple(fc.constantFrom(...SPECS), changes)
    .map(([spec, them]) => changed(JSON.stringify(spec), them));
  const anything = fc.jsonValue().map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: nearly }, anything), (text) => {
      const value = parsed(text);
      fc.pre(value !== undefined);
      const checked = check(jobSpecSchema, value);
      expect(checked.ok || checked.faults.length > 0).toBe(true);
    }),
    BOUNDED,
  );
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test('a cursor gives back its place, and any other text is refused', async () => {
  const schema = z.object({ at: z.number().int(), name: z.string() });
  const place = fc.record({ at: fc.maxSafeInteger(), name: fc.string({ unit: 'grapheme' }) });
  await fc.assert(
    fc.asyncProperty(place, fc.string({ unit: 'binary' }), changes, async (given, other, them) => {
      const cursor = encodeCursor(given);
      expect(decodeCursor(cursor, schema)).toEqual({ ...given, at: given.at + 0 });
      for (const text of [other, changed(cursor, them)]) {
        const { refused } = await readOrRefused(() => decodeCursor(text, schema));
        expect([null, 'request_invalid']).toContain(refused);
      }
    }),
    BOUNDED,
  );
});
