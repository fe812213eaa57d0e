// docs/library.md lists what the typed client can do: all of it, and nothing else.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.js';

test('the table of the client names every method that it has, and no other', async () => {
  const page = await readFile(new URL('../../docs/library.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| .*`/.test(line) && !line.startsWith('| `'));
  const named = rows.map((row) => {
    const [, of = '', methods = ''] = row.split(/(?<!\\)\|/);
    const within = /in `(\w+)`/.exec(of)?.[1];
    return [...methods.matchAll(/`(\w+)/g)].map(([, name]) => (within ? `${within}.${name}` : name));
  });
  const { schedules, ...client } = createClient({ url: 'http://127.0.0.1:1' });
  const there = [...Object.keys(client), ...Object.keys(schedules).map((name) => `schedules.${name}`)];
  expect(new Set(named.flat())).toEqual(new Set(there));
  expect(named.flat()).toHaveLength(there.length);
});
