// What helps on the command line: nearest names, completion, and a doctor without a service.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lookAtClock, lookAtNode } from '../../src/cli/doctor/machine.js';
import { runWith } from '../support/cli.js';

describe('wrong names', () => {
  test.each([
    ['a command', ['bakcup', 'crm'], '(Did you mean backup?)'],
    ['a command within', ['connections', 'chekc', 'crm'], '(Did you mean check?)'],
    ['another one', ['schedules', 'triger', 'nightly'], '(Did you mean trigger?)'],
    ['one beside a place', ['archives', 'rmm', 'vault/a'], '(Did you mean rm?)'],
    ['one that is like none', ['connections', 'frobnicate'], '(There are: check)'],
    ['a word too many within', ['connections', 'check', 'crm', 'main'], 'too many arguments'],
    ['an option', ['backup', 'crm', '--to', 'vault', '--lames', '2'], '(Did you mean --lanes?)'],
    ['a value', ['jobs', '--state', 'runing'], 'Allowed choices are queued, running'],
  ])('%s is answered with what there is, and exit code 2', async (_, argv, said) => {
    const { code, err } = await runWith({}, argv);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain(said);
  });
});

/** What bash would offer for a line of words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const { out } = await runWith({}, ['completion', 'bash']);
  const line = `${out.join('\n')}
COMP_WORDS=(longhaul ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_longhaul; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', line], { cwd: tmpdir() });
  return stdout.trim().split('\n');
}

test('every command but those that run on prints JSON with --json', async () => {
  const { out } = await runWith({}, ['completion', 'bash']);
  const flags = out.join('\n').matchAll(/^ {4}'([a-z -]+)'\) words='([^']*)' ;;$/gm);
  const without = [...flags].flatMap(([, path, words]) => (words!.includes('--json') ? [] : [path]));
  expect(without).toEqual(['api', 'worker', 'keys', 'completion']);
});

describe('completion', () => {
  test('bash offers commands, their options, and the values of those', async () => {
    expect(await offered('re')).toEqual(['restore', 'rejects', 'resume', 'retry']);
    expect(await offered('backup', 'crm', '--com')).toEqual(['--compression']);
    expect(await offered('export', 'crm', '--format', '')).toEqual(['jsonl', 'csv', 'parquet']);
    expect(await offered('connections', 'ch')).toEqual(['check']);
    expect(await offered('connections', 'check', '--js')).toEqual(['--json']);
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  test.each(['bash', 'zsh', 'fish'])('%s knows every option of every command', async (shell) => {
    const { out, code } = await runWith({}, ['completion', shell]);
    const { out: help } = await runWith({}, ['restore', '--help']);
    const text = out.join('\n');
    const flags = help.join('\n').matchAll(/^ +--([a-z-]+)/gm);
    for (const [, flag] of flags) expect(text).toContain(shell === 'fish' ? `-l ${flag}` : `--${flag}`);
    expect(code).toBe(0);
  });
});

describe('doctor', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'longhaul-doctor-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const run = (config: string) =>
    runWith({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, [
      'doctor',
      '--config',
      config,
      '--data-dir',
      join(folder, 'data'),
      '--api',
      'http://127.0.0.1:1',
    ]);

  test('says of each what to do where nothing runs, and exits 1', async () => {
    const config = join(folder, 'longhaul.config.yml');
    await writeFile(config, 'connections:\n  v: { type: file, path: ./a }\n');
    const { code, out } = await run(config);
    expect(code).toBe(1);
    expect(out.map((line) => line.split(/: | at /)[0])).toEqual([
      'ok       node',
      `ok       config`,
      expect.stringContaining('data folder') as string,
      expect.stringContaining('room of v') as string,
      'warning  api',
      '         hint',
      'failed   temporal',
      '         hint',
    ]);
  });

  test('tells a config that is wrong from one whose variables are not set here', async () => {
    const config = join(folder, 'longhaul.config.yml');
    await writeFile(config, 'connections:\n  v: { type: fiel, path: ./a }\n');
    expect((await run(config)).out.join('\n')).toMatch(/failed {3}config: .*:2 .*did you mean file/);
    await writeFile(config, 'connections:\n  v: { type: file, path: "${NOT_SET_HERE}" }\n');
    expect((await run(config)).out.join('\n')).toMatch(/warning {2}config: .*NOT_SET_HERE is not set/);
  });

  test('knows an old Node, and a clock that is off by more than the look itself', () => {
    expect(lookAtNode('20.18.9').state).toBe('failed');
    expect(lookAtNode('22.0.0').state).toBe('ok');
    expect(lookAtClock('clock', 60_000, 0, 100)).toMatchObject({
      state: 'warning',
      detail: "60 s off this machine's",
    });
    expect(lookAtClock('clock', 4_000, 0, 0).state).toBe('ok');
    expect(lookAtClock('clock', 6_000, 0, 2_000).state).toBe('ok');
  });
});
