// The commands and flags in the pages are those there are, and docs/cli.md leaves none out.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { codeSpansOf, readPage, readPages, ROOT, type DocsPage } from '../support/docs.js';

const pages = await readPages();

/** Help by command: `backup`, `connections check`. */
const helps = new Map<string, string>();

beforeAll(async () => {
  for (const name of commandsIn(await help())) {
    helps.set(name, await help(name));
    for (const inner of commandsIn(await help(name))) helps.set(`${name} ${inner}`, await help(name, inner));
  }
});

async function help(...command: string[]): Promise<string> {
  const lines: string[] = [];
  const io = {
    env: {},
    out: (line: string) => lines.push(line),
    err: () => undefined,
    screen: null,
    now: () => 0,
    onInterrupt: () => () => undefined,
  };
  expect(await runCli([...command, '--help'], io)).toBe(0);
  return lines.join('\n');
}

function commandsIn(text: string): string[] {
  const [, list = ''] = text.split(/^Commands:$/m);
  return [...list.matchAll(/^ {2}([a-z]+)/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'help');
}

const flagsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);

/** Every line of code and every code span that calls the command. */
function callsOf(page: DocsPage): string[] {
  const code = [...codeSpansOf(page), ...page.blocks.flatMap(({ body }) => body.split('\n'))];
  const calls = code.flatMap((text) => /(?:^|\bnpx )longhaul ([a-z].*)$/.exec(text)?.[1] ?? []);
  // Behind `--` stands the command of a schedule.
  return calls.flatMap((call) => call.split(' -- ')).filter((call) => /^[a-z]/.test(call));
}

const calls = pages.flatMap((page) => callsOf(page).map((call) => [page.path, call] as const));

test.each(calls)('%s: `longhaul %s` has a command and flags that exist', (_, call) => {
  const [first = '', second = ''] = call.split(' ');
  const text = helps.get(`${first} ${second}`) ?? helps.get(first);
  expect(text).toBeDefined();
  expect(flagsIn(text ?? '')).toEqual(expect.arrayContaining(flagsIn(call)));
});

test('the pages call npm scripts that exist', async () => {
  const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: object;
  };
  const code = pages.flatMap((page) => [page.prose, ...page.blocks.map(({ body }) => body)]).join('\n');
  const named = [...code.matchAll(/npm run ([a-z]+)|npm (test|start)\b/g)].map(
    (match) => match[1] ?? match[2],
  );
  expect(named.length).toBeGreaterThan(5);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

describe('docs/cli.md', () => {
  test('names every command and every flag', async () => {
    const page = await readPage('docs/cli.md');
    const code = [...codeSpansOf(page), ...page.blocks.map(({ body }) => body)];
    const named = new Set(code.flatMap((text) => text.split(/[^\w-]+/)));
    const words = [...helps].flatMap(([command, text]) => [...command.split(' '), ...flagsIn(text)]);
    expect(words.length).toBeGreaterThan(50);
    const missing = words.filter((word) => !named.has(word));
    expect([...new Set(missing)]).toEqual([]);
  });

  test('names no flag that there is not', async () => {
    const { prose } = await readPage('docs/cli.md');
    const [ofLonghaul = ''] = prose.split('## The demo');
    const known = new Set([...helps.values()].flatMap(flagsIn));
    expect(flagsIn(ofLonghaul).filter((flag) => !known.has(flag))).toEqual([]);
  });
});
