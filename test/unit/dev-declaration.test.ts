import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/core/names.js';
import { loadDeclaration } from '../../src/dev/declaration.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'longhaul-declaration-'))));
afterEach(() => rm(folder, { recursive: true }));

describe('temporal-dev.yml', () => {
  it('declares every search attribute that jobs carry', async () => {
    const { searchAttributes } = await loadDeclaration();
    expect(Object.keys(searchAttributes).toSorted()).toEqual(Object.values(SEARCH_ATTRIBUTES).toSorted());
  });

  it('binds the server to loopback, for it has no authentication', async () => {
    expect((await loadDeclaration()).host).toBe('127.0.0.1');
  });

  it('names the file and the place of each fault', async () => {
    const path = join(folder, 'temporal-dev.yml');
    const text = await readFile('temporal-dev.yml', 'utf8');
    await writeFile(
      path,
      text.replace('port: 7233', 'port: 72330').replace('JobKind: Keyword', 'JobKind: Word'),
    );
    await expect(loadDeclaration(path)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/temporal-dev\.yml: port: .*searchAttributes\.JobKind: /s) as string,
    });
  });

  it('says so when it is not there', async () => {
    await expect(loadDeclaration(join(folder, 'none.yml'))).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
