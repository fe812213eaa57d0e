// Every config and every job spec in the pages is one that Longhaul takes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSchedule } from '../../src/api/schedules/contracts.js';
import { loadConfig } from '../../src/config/load.js';
import { jobSpecSchema } from '../../src/core/spec.js';
import { readPages } from '../support/docs.js';

const blocks = (await readPages()).flatMap(({ path: file, blocks }) =>
  blocks.map((block) => ({ ...block, at: `${file}:${block.line}` })),
);
const configs = blocks.filter(({ info, body }) => info === 'yaml' && /^connections:/m.test(body));
const SCHEMAS = { jobs: jobSpecSchema, schedules: newSchedule };
const bodies = blocks.flatMap(({ body, at }) =>
  [...body.matchAll(/\/v1\/(jobs|schedules) [^']*'[^']*' -d '(\{[^']*\})'/g)].map(
    ([, route, text = '']) => [at, route as keyof typeof SCHEMAS, text] as const,
  ),
);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'longhaul-docs-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Any text serves as a secret; as an address, this one. */
const valuesFor = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'https://example.com']),
  );

describe('configs in the pages', () => {
  test('are there', () => expect(configs.length).toBeGreaterThan(3));

  test.each(configs.map(({ at, body }) => [at, body]))(
    '%s is valid, for a worker and for the API',
    async (_, body) => {
      const file = path.join(folder, 'longhaul.config.yml');
      await writeFile(file, body);
      for (const secrets of ['resolve', 'leave'] as const) {
        const { connections } = await loadConfig(file, { secrets, env: valuesFor(body) });
        expect(Object.keys(connections).length).toBeGreaterThan(0);
      }
    },
  );
});

describe('bodies of requests in the pages', () => {
  test('are there', () => expect(bodies.length).toBeGreaterThan(2));

  test.each(bodies)('%s is one of %s', (_, route, body) => {
    expect(SCHEMAS[route].safeParse(JSON.parse(body))).toMatchObject({ success: true });
  });
});
