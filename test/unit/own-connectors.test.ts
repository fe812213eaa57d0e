// Connectors of one's own: how modules are found and loaded, and how each fault of module and settings is named.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { publicConnections } from '../../src/config/public.js';
import { createConnections } from '../../src/worker/connections.js';
import { createOwnConnectors } from '../../src/worker/own-connectors.js';
import { testContext } from '../support/reading.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'longhaul-own-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A connector without imports, as `defineConnector` makes it. */
const module = (type: string) => `export default {
  type: '${type}',
  prepare: async ({ url }) => url === undefined
    ? { ok: false, faults: [{ path: ['url'], message: 'is missing' }] }
    : { ok: true, value: (name) => ({ check: async () => name + ' at ' + url }) },
};`;

const CONFIG = `connectors: [./notes.mjs]
connections:
  mine:
    type: notes
    roles: [source, target]
    limits: { concurrency: 2 }
    url: \${NOTES_URL}
`;

async function load(config: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const path = join(folder, 'longhaul.config.yml');
  await writeFile(path, config);
  const own = createOwnConnectors(path);
  const env = { NOTES_URL: 'http://notes' };
  return createConnections(
    await loadConfig(path, { secrets: 'resolve', env, inspect: own.inspect }),
    own.makers,
  );
}

const faultOf = async (config: string, files: Readonly<Record<string, string>>): Promise<string> =>
  load(config, files).then(
    () => 'none',
    (error: Error) => error.message,
  );

it('makes connections with the limits of the config, their references resolved', async () => {
  const connection = (await load(CONFIG, { 'notes.mjs': module('notes') }))('mine');
  expect(connection).toMatchObject({ name: 'mine', type: 'notes', limits: { concurrency: 2 } });
  expect(await connection.check(testContext())).toBe('mine at http://notes');
});

it('loads TypeScript as it is', async () => {
  const typed = module('notes').replace('(name) =>', '(name: string) =>');
  const config = CONFIG.replace('.mjs', '.ts');
  const connection = (await load(config, { 'notes.ts': `const n: number = 1;\n${typed}` }))('mine');
  expect(connection.type).toBe('notes');
});

it('is known to the API by name, type and roles, without a module', async () => {
  const path = join(folder, 'longhaul.config.yml');
  await writeFile(path, CONFIG);
  expect(publicConnections(await loadConfig(path, { secrets: 'leave', env: {} }))).toEqual([
    { name: 'mine', type: 'notes', roles: ['source', 'target'], limits: { concurrency: 2 }, streams: null },
  ]);
});

it.each([
  ['a module that is not there', CONFIG, {}, /:1 connectors\.0: cannot be loaded: Cannot find module/],
  [
    'a module that exports something else',
    CONFIG,
    { 'notes.mjs': 'export default 1' },
    /:1 connectors\.0: its default export is not what `defineConnector` gives/,
  ],
  [
    'a type that is built in',
    CONFIG.replace('notes\n', 'postgre\n'),
    { 'notes.mjs': module('postgres') },
    /:1 connectors\.0: its type, postgres, is that of a built-in connector/,
  ],
  [
    'a type that no module has',
    CONFIG.replace('type: notes', 'type: ntoes'),
    { 'notes.mjs': module('notes') },
    /:4 connections\.mine\.type: no connector has this type; did you mean notes\? there are: http/,
  ],
  [
    'settings that the connector refuses',
    CONFIG.replace('    url: ${NOTES_URL}\n', ''),
    { 'notes.mjs': module('notes') },
    /:3 connections\.mine\.url: is missing/,
  ],
])('names %s', async (_, config, files, message) => {
  expect(await faultOf(config, files as Record<string, string>)).toMatch(message);
});
