// The routes to the Temporal CLI, with programs that answer as `temporal` and `go` do, on a PATH of their own.
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachePath, findTemporalCli } from '../../src/dev/temporal-cli/find.js';
import { isAtLeast } from '../../src/dev/temporal-cli/probe.js';

const VERSION = '1.5.1';
/** Nobody listens there: the SDK's download fails at once, with network or without. */
const NO_NETWORK = 'http://127.0.0.1:9';

let folder: string;
let bin: string;
let env: Record<string, string>;
let said: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-cli-'));
  bin = join(folder, 'bin');
  await mkdir(bin);
  env = { PATH: bin, XDG_CACHE_HOME: join(folder, 'cache'), HTTPS_PROXY: NO_NETWORK };
  said = [];
});
afterEach(() => rm(folder, { recursive: true }));

const find = (): Promise<string> =>
  findTemporalCli({ version: VERSION, env, say: (line) => void said.push(line) });
const cached = (): string => cachePath({ version: VERSION, env });

async function program(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const temporal = (path: string, version = VERSION): Promise<string> =>
  program(path, `echo "temporal version ${version} (Server 1.29.1, UI 2.42.1)"`);

/** Notes each build in a file, and takes as long as it takes a waiting process to look. */
const go = (): Promise<string> =>
  program(
    join(bin, 'go'),
    `echo "$@" >> "${folder}/builds"; /bin/sleep 0.3
     printf '#!/bin/sh\\necho "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"\\n' > "$GOBIN/temporal"
     /bin/chmod +x "$GOBIN/temporal"; echo some/package >&2`,
  );

describe('the Temporal CLI', () => {
  it('is the one that TEMPORAL_CLI_PATH names, before all others', async () => {
    await temporal(join(bin, 'temporal'));
    env['TEMPORAL_CLI_PATH'] = await temporal(join(folder, 'mine'));
    expect(await find()).toBe(env['TEMPORAL_CLI_PATH']);
  });

  it('is no other where TEMPORAL_CLI_PATH names a program that is none', async () => {
    await temporal(join(bin, 'temporal'));
    env['TEMPORAL_CLI_PATH'] = await program(join(folder, 'mine'), 'echo something else');
    await expect(find()).rejects.toMatchObject({
      code: 'temporal_missing',
      message: expect.stringContaining(env['TEMPORAL_CLI_PATH']) as string,
    });
  });

  it('is `temporal` on PATH', async () => {
    expect(await find().catch(() => null)).toBeNull();
    const path = await temporal(join(bin, 'temporal'));
    expect(await find()).toBe(path);
    expect(said.join()).not.toContain('using');
  });

  it('is told when the one on PATH is newer than the declared one', async () => {
    const path = await temporal(join(bin, 'temporal'), '1.6.0');
    expect(await find()).toBe(path);
    expect(said).toEqual([expect.stringContaining(`${path} (version 1.6.0`)]);
  });

  it('is taken from the cache where the one on PATH is too old', async () => {
    await temporal(join(bin, 'temporal'), '1.4.9');
    await temporal(cached());
    expect(await find()).toBe(cached());
  });

  it('is built by Go where the download cannot be reached, and is in the cache from then on', async () => {
    await go();
    expect(await find()).toBe(cached());
    expect(said.join('\n')).toContain('building the Temporal CLI 1.5.1 with Go');
    expect(await readFile(join(folder, 'builds'), 'utf8')).toBe(
      'install -v github.com/temporalio/cli/cmd/temporal@v1.5.1\n',
    );
    await rm(join(bin, 'go'));
    expect(await find()).toBe(cached());
  });

  it('is built once where two need it at the same time', async () => {
    await go();
    expect(await Promise.all([find(), find()])).toEqual([cached(), cached()]);
    expect((await readFile(join(folder, 'builds'), 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(said.some((line) => line.includes('waiting for it'))).toBe(true);
  });

  it('leaves nothing half built behind when a build fails, and says why', async () => {
    await program(join(bin, 'go'), 'echo "no such module" >&2; exit 1');
    await expect(find()).rejects.toThrow('`go install`: no such module');
    await expect(access(cached())).rejects.toThrow('ENOENT');
    expect(await readdir(dirname(cached()))).toEqual([]);
  });

  it('is not waited for where a network swallows the download', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    env['HTTPS_PROXY'] = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const begin = performance.now();
    await expect(find()).rejects.toThrow('nothing came for 12 s');
    expect(performance.now() - begin).toBeLessThan(20_000);
    silent.close();
  }, 60_000);

  it('is missing with a list of all that was tried, and what to do', async () => {
    const error = await find().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'temporal_missing',
      hint: expect.stringContaining('TEMPORAL_CLI_PATH') as string,
    });
    expect((error as Error).message.split('\n').slice(1)).toEqual([
      expect.stringContaining('`temporal` on PATH: there is none'),
      expect.stringContaining('the cache: '),
      expect.stringContaining("the download of Temporal's SDK: "),
      expect.stringContaining('`go install`: Go is not installed'),
    ]);
  });
});

describe('versions', () => {
  it.each([
    ['1.5.1', true],
    ['1.10.0', true],
    ['2.0.0', true],
    ['1.5.0', false],
    ['1.4.9', false],
    ['0.0.0-DEV', true],
    ['unknown', true],
  ])('%s is new enough for 1.5.1: %s', (version, enough) => {
    expect(isAtLeast(version, '1.5.1')).toBe(enough);
  });
});
