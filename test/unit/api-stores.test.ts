// The stores of the web tier: opened when first asked for, with the settings of that connection alone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStores } from '../../src/api/stores.js';
import { loadConfig } from '../../src/config/load.js';
import { storeIn } from '../support/archives.js';

const CONFIG = `connections:
  crm:
    type: http
    baseUrl: \${CRM_URL}
    streams: {}
  main: { type: postgres, url: "\${DATABASE_URL}" }
  vault: { type: file, path: ./archives }
  mount: { type: file, path: "\${ROOT}/archives" }
  broken: { type: file, path: "\${ROOT/archives" }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stores-'));
  await writeFile(join(folder, 'c.yml'), CONFIG);
});
afterEach(() => rm(folder, { recursive: true }));

async function stores(env: Record<string, string> = {}) {
  const configPath = join(folder, 'c.yml');
  return createStores({ config: await loadConfig(configPath, { secrets: 'leave', env }), configPath, env });
}

async function heldBy(root: string, text: string): Promise<void> {
  await storeIn(root).put('a/b', Buffer.from(text));
}

describe('the stores of the web tier', () => {
  it('are opened though the variables of other connections are not set', async () => {
    await heldBy(join(folder, 'archives'), 'four');
    expect(await (await (await stores())('vault')).stat('a/b')).toEqual({ path: 'a/b', size: 4 });
  });

  it('take the environment, whether it says an absolute path or one beside the config file', async () => {
    await heldBy(join(folder, 'x', 'archives'), 'fifth');
    for (const ROOT of [join(folder, 'x'), './x']) {
      expect(await (await (await stores({ ROOT }))('mount')).stat('a/b')).toMatchObject({ size: 5 });
    }
  });

  it('say which variable this process lacks', async () => {
    const open = await stores();
    expect(() => open('mount')).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: 'The connection mount cannot be used here: the environment variable ROOT is not set.',
        hint: expect.stringContaining('for this process as well'),
      }),
    );
    expect(() => open('broken')).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });

  it.each([
    ['nobody', 'connection_unknown'],
    ['constructor', 'connection_unknown'],
    ['crm', 'connection_unsuitable'],
    ['main', 'connection_unsuitable'],
  ])('has none for %s: %s', async (name, code) => {
    const open = await stores();
    expect(() => open(name)).toThrow(expect.objectContaining({ code }));
  });

  it('says which one was meant', async () => {
    const open = await stores();
    expect(() => open('vualt')).toThrow('There is no connection named vualt. Did you mean vault?');
  });

  it('lends the same one each time', async () => {
    const open = await stores();
    expect(open('vault')).toBe(open('vault'));
  });
});
