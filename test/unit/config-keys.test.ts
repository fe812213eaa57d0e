// Keys in the config: how they are made, and put into a file that its owner keeps recognizing.
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createKeyring } from '../../src/api/keyring.js';
import { entryOf, withKey } from '../../src/config/add-key.js';
import { hashOfKey, newKey, type KeyConfig } from '../../src/config/keys.js';
import { loadConfig } from '../../src/config/load.js';
import { runWith } from '../support/cli.js';

const HASH = `sha256:${'0'.repeat(64)}`;
const KEY: KeyConfig = { name: 'null', role: 'operator', tenant: '007', hash: HASH };
const CONNECTIONS = 'connections:\n  vault: { type: file, path: ./a } # where archives are\n';

describe('a key', () => {
  test('has 256 random bits, and a hash that finds it again', () => {
    const [key, other] = [newKey(), newKey()];
    expect(key).toMatch(/^lh_[\w-]{43}$/);
    expect(key).not.toBe(other);
    const keyring = createKeyring([{ name: 'a', role: 'viewer', hash: hashOfKey(key) }]);
    expect(keyring.find(key)?.name).toBe('a');
    for (const wrong of [other, `${key} `, key.toUpperCase(), hashOfKey(key), ''])
      expect(keyring.find(wrong)).toBeNull();
  });
});

describe('putting a key into the config', () => {
  test.each([
    ['a file without keys', CONNECTIONS],
    ['a file without a last line end', CONNECTIONS.trimEnd()],
    [
      'keys in lines of their own',
      `keys:\n  - name: a\n    role: viewer # reads\n    hash: "${HASH}"\n\n# here\n${CONNECTIONS}`,
    ],
    ['keys in braces', `keys:\n- { name: a, role: admin, hash: "${HASH}" } # ada\n# end\n${CONNECTIONS}`],
    ['keys at the end', `${CONNECTIONS}keys:\n    - { name: a, role: admin, hash: "${HASH}" }`],
  ])('adds one line to %s and changes no other', (_, before) => {
    const after = withKey(before, KEY)!;
    const { keys = [], ...rest } = parse(before) as { keys?: unknown[] };
    expect(parse(after)).toEqual({ ...rest, keys: [...keys, KEY] });
    const added = after.split('\n').filter((line) => line.includes(entryOf(KEY)));
    expect(added).toHaveLength(1);
    const left = after
      .replace(/\n\nkeys:\n {2}- .*\n$/, '\n')
      .replace(`${added[0]}\n`, '')
      .replace(`\n${added[0]}`, '');
    expect(left.trimEnd()).toBe(before.trimEnd());
  });

  test.each([
    ['JSON', '{ "connections": {} }'],
    ['keys in brackets', `keys: []\n${CONNECTIONS}`],
    ['keys that are empty', `keys:\n${CONNECTIONS}`],
    ['two documents', `${CONNECTIONS}---\n${CONNECTIONS}`],
    ['a document with an end', `${CONNECTIONS}...\n`],
  ])('leaves %s alone', (_, before) => {
    expect(withKey(before, KEY)).toBeNull();
  });
});

describe('longhaul keys add', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-keys-'));
    file = path.join(folder, 'longhaul.config.yml');
    await writeFile(file, CONNECTIONS);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const add = (...args: string[]) => runWith({}, ['keys', 'add', ...args, '--config', file]);

  test('prints the key alone, and keeps its hash alone', async () => {
    await chmod(file, 0o640);
    const { code, out, err } = await add('ada', '--role', 'admin');
    expect([code, out.length]).toEqual([0, 1]);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('# where archives are');
    expect(text).not.toContain(out[0]);
    expect(err.join('\n')).not.toContain(out[0]);
    const { keys = [] } = await loadConfig(file, { secrets: 'leave', env: {} });
    expect(createKeyring(keys).find(out[0]!)).toMatchObject({ name: 'ada', role: 'admin' });
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  test('says what to add where it cannot', async () => {
    await writeFile(file, '{ "connections": {} }');
    const { code, out, err } = await add('ci', '--role', 'operator', '--tenant', 'acme');
    expect(code).toBe(0);
    const entry = `{ name: "ci", role: "operator", tenant: "acme", hash: "${hashOfKey(out[0]!)}" }`;
    expect(err.at(-1)).toContain(entry);
    expect(await readFile(file, 'utf8')).toBe('{ "connections": {} }');
  });

  test('takes JSON', async () => {
    const { out } = await add('ada', '--role', 'viewer', '--json');
    const said = JSON.parse(out[0]!) as { key: string; hash: string };
    expect(said).toMatchObject({ name: 'ada', role: 'viewer', hash: hashOfKey(said.key), written: true });
  });

  test.each([
    [['ada'], '--role'],
    [['ada', '--role', 'root'], 'viewer'],
    [['a.b', '--role', 'admin'], 'letters, digits'],
    [['ada', '--role', 'admin', '--tenant', '../x'], 'letters, digits'],
  ])('refuses %j', async (args, said) => {
    const { code, out, err } = await add(...args);
    expect([code, out]).toEqual([2, []]);
    expect(err.join('\n')).toContain(said);
  });

  test('refuses a name that is taken', async () => {
    await add('ada', '--role', 'viewer');
    const { code, err } = await add('ada', '--role', 'admin');
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('has a key named ada already');
  });
});

describe('the config', () => {
  const valid = { name: 'a', role: 'viewer', hash: HASH };
  test.each([
    [{ keys: [valid, { ...valid, role: 'admin' }] }, 'two keys have the same name'],
    [{ keys: [{ ...valid, hash: 'lh_plain' }] }, 'longhaul keys add'],
    [{ keys: [{ ...valid, role: 'root' }] }, 'allowed: viewer, operator, admin'],
    [{ api: { hosts: ['Example.com:80'] } }, 'without a port'],
  ])('names what is wrong in %j, and never repeats it', async (part, said) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-keys-'));
    const file = path.join(folder, 'longhaul.config.yml');
    await writeFile(file, JSON.stringify({ connections: {}, ...part }));
    const failed = loadConfig(file, { secrets: 'leave', env: {} });
    await expect(failed).rejects.toThrow(said);
    await expect(failed).rejects.not.toThrow('lh_plain');
    await rm(folder, { recursive: true });
  });
});
