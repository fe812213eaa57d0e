// The config loader: what it reads, and how it names what is wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, type LoadOptions } from '../../src/config/load.js';
import { publicConnections } from '../../src/config/public.js';
import { LonghaulError } from '../../src/core/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function load(text: string, options: Partial<LoadOptions> = {}) {
  const path = join(folder, 'longhaul.config.yml');
  await writeFile(path, text);
  return loadConfig(path, { secrets: 'resolve', env: {}, ...options });
}

async function refusal(text: string, options: Partial<LoadOptions> = {}): Promise<string> {
  const error = await load(text, options).then(
    () => expect.fail('the config was accepted'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LonghaulError);
  expect((error as LonghaulError).code).toBe('config_invalid');
  return (error as LonghaulError).message;
}

const CRM = `connections:
  crm:
    type: http
    baseUrl: \${CRM_URL}
    auth: { type: bearer, token: "\${CRM_TOKEN}" }
    limits: { requestsPerSecond: 20, requestsPerDay: 15000 }
    streams:
      contacts:
        path: /v\${VERSION}/contacts
        records: data
        paginator: { type: cursor, cursor_path: next, cursor_param: cursor }
`;
const ENV = { CRM_URL: 'http://127.0.0.1:1', CRM_TOKEN: 's3cret', VERSION: '2' };

describe('references to the environment', () => {
  it('takes values from the environment, inside longer texts as well', async () => {
    const { crm } = (await load(CRM, { env: ENV })).connections;
    expect(crm).toMatchObject({
      baseUrl: 'http://127.0.0.1:1',
      auth: { token: 's3cret' },
      streams: { contacts: { path: '/v2/contacts' } },
    });
  });

  it('leaves the text where no secrets are wanted, and needs no environment for it', async () => {
    const { crm } = (await load(CRM, { secrets: 'leave' })).connections;
    expect(crm).toMatchObject({ baseUrl: '${CRM_URL}', auth: { token: '${CRM_TOKEN}' } });
  });

  it('names every variable that is unset or empty, with its line', async () => {
    const message = await refusal(CRM, { env: { ...ENV, CRM_URL: undefined, CRM_TOKEN: '' } });
    expect(message.split('\n')).toEqual([
      'longhaul.config.yml:4 the environment variable CRM_URL is not set',
      'longhaul.config.yml:5 the environment variable CRM_TOKEN is not set',
    ]);
  });

  it('takes a value as text, never as YAML or as another reference', async () => {
    const tricky = 'x: 1 # ${OTHER}\n- y';
    const { crm } = (await load(CRM, { env: { ...ENV, CRM_TOKEN: tricky } })).connections;
    expect(crm).toMatchObject({ auth: { token: tricky } });
  });

  it('refuses what looks like a reference and is none', async () => {
    expect(await refusal('connections:\n  a: { type: file, path: "${HOME:-x}" }')).toContain(
      'longhaul.config.yml:2 "${" begins a reference',
    );
    expect(await refusal('connections:\n  a: { type: file, path: "${HOME" }')).toContain(':2 "${" begins');
  });

  it('ignores references in comments', async () => {
    const config = await load('connections:\n  # ${NOT_SET}\n  a: { type: file, path: x } # ${NOT_SET}\n');
    expect(Object.keys(config.connections)).toEqual(['a']);
  });
});

describe('faults', () => {
  it('names line, path and the key that was meant', async () => {
    const message = await refusal(CRM.replace('requestsPerDay', 'requestPerDay'), { env: ENV });
    expect(message).toBe(
      'longhaul.config.yml:6 connections.crm.limits.requestPerDay: unknown key; did you mean requestsPerDay? ' +
        'allowed: requestsPerSecond, concurrency, requestsPerDay, window',
    );
  });

  it('names the type that was meant and those there are', async () => {
    expect(await refusal('connections:\n  a: { type: fiel, path: x }')).toBe(
      'longhaul.config.yml:2 connections.a.type: not an allowed value; did you mean file? allowed: http, postgres, file, s3',
    );
    expect(await refusal('connections:\n\n  a: { path: x }')).toBe(
      'longhaul.config.yml:3 connections.a.type: is missing; allowed: http, postgres, file, s3',
    );
  });

  it('gives each fault a line of its own', async () => {
    const message = await refusal(
      'connections:\n  a:\n    type: file\n  "b c":\n    type: file\n    path: x\nextra: 1\n',
    );
    expect(message.split('\n')).toEqual([
      'longhaul.config.yml:2 connections.a.path: is missing; expected string',
      expect.stringMatching(
        /^longhaul\.config\.yml:4 connections\.b c: this name is not allowed: a name: letters/,
      ),
      'longhaul.config.yml:7 extra: unknown key; allowed: connectors, connections, keys, api, dev',
    ]);
  });

  it('names the line inside a list', async () => {
    const text = 'connections:\n  a:\n    type: postgres\n    url: u\n    schemas:\n      - one\n      - 2\n';
    expect(await refusal(text)).toMatch(/:7 connections\.a\.schemas\.1: .*expected string/);
  });

  it('reports broken YAML and keys given twice with their line', async () => {
    expect(await refusal('connections:\n  a: [\n')).toMatch(/^longhaul\.config\.yml:3 /);
    expect(await refusal('connections:\n  a: 1\n  a: 2\n')).toMatch(
      /^longhaul\.config\.yml:3 not YAML: Map keys must be/,
    );
  });

  it('says that references need quotes inside braces, repeating nothing of the file', async () => {
    const message = await refusal('connections:\n  a: { type: file, path: ${FOLDER} }\n');
    expect(message).toMatch(/^longhaul\.config\.yml:2 not YAML: .* needs quotes: "\$\{NAME\}"\)$/);
    expect(message).not.toContain('FOLDER');
  });

  it('asks where the token of a login is, where it is told how to send one', async () => {
    const auth = 'auth: { type: login, loginUrl: /login, body: { user: x }, scheme: Token }';
    const text = `connections:\n  a:\n    type: http\n    baseUrl: http://a\n    streams: {}\n    ${auth}\n`;
    expect(await refusal(text)).toMatch(
      /^longhaul\.config\.yml:6 connections\.a\.auth\.tokenPath: is missing: /,
    );
  });

  it('says what is missing in an empty file', async () => {
    expect(await refusal('')).toMatch(/^longhaul\.config\.yml:1 .*expected object/);
  });

  it('says which file it cannot read', async () => {
    const missing = join(folder, 'nowhere.yml');
    await expect(loadConfig(missing, { secrets: 'leave', env: {} })).rejects.toMatchObject({
      code: 'config_invalid',
      message: `Cannot read ${missing}: ENOENT`,
    });
  });

  it('never repeats a value, which could be a secret', async () => {
    const message = await refusal(CRM.replace('type: bearer', 'type: "${CRM_TOKEN}"'), { env: ENV });
    expect(message).toContain('connections.crm.auth.type: not an allowed value');
    expect(message).not.toContain('s3cret');
  });
});

it('takes relative paths from the folder of the config file, and keeps absolute ones', async () => {
  const text = 'connections:\n  a: { type: file, path: ./archives }\n  b: { type: file, path: /srv/x }\n';
  expect((await load(text)).connections).toEqual({
    a: { type: 'file', path: join(folder, 'archives') },
    b: { type: 'file', path: '/srv/x' },
  });
});

it('shows names, types, roles, limits and stream names in public, and nothing else', async () => {
  const config = await load(`${CRM}  vault: { type: file, path: archives }\n`, { secrets: 'leave' });
  expect(publicConnections(config)).toEqual([
    {
      name: 'crm',
      type: 'http',
      roles: ['source'],
      limits: { requestsPerSecond: 20, requestsPerDay: 15000 },
      streams: ['contacts'],
    },
    { name: 'vault', type: 'file', roles: ['sink'], limits: {}, streams: null },
  ]);
});
