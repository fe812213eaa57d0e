// What one key may ask of the API: how much at once, how much in time, and that no other is held back with it.
import { Hono } from 'hono';
import { beforeEach, expect, test } from 'vitest';
import { ANYONE, setCaller, type Caller } from '../../src/api/caller.js';
import { createLimits, type Limits } from '../../src/api/limits.js';
import { createErrorHandler } from '../../src/api/problems.js';

const caller = (name: string): Caller => ({ name, role: 'viewer', tenant: null });

let now: number;
let limits: Limits;
beforeEach(() => {
  now = 1_000_000;
  limits = createLimits(() => now);
});

/** How many of so many requests get through. */
async function through(who: Caller, requests: number): Promise<number> {
  const app = new Hono();
  app.onError(createErrorHandler(() => undefined));
  app.use((c, next) => (setCaller(c, who), next()), limits.requests);
  app.get('/', (c) => c.text('here'));
  let passed = 0;
  for (let i = 0; i < requests; i++) if ((await app.request('/')).status === 200) passed += 1;
  return passed;
}

test('a key may ask a thousand times at once, and then two hundred times a second', async () => {
  expect(await through(caller('ada'), 1_100)).toBe(1_000);
  now += 500;
  expect(await through(caller('ada'), 200)).toBe(100);
  now += 3_600_000;
  expect(await through(caller('ada'), 1_100)).toBe(1_000);
});

test('a key that asks on and on while it is refused is let in as often as one that waits', async () => {
  await through(caller('ada'), 1_000);
  let passed = 0;
  for (let ms = 0; ms < 100; ms++) {
    now += 1;
    passed += await through(caller('ada'), 3);
  }
  expect(passed).toBe(20);
});

test('a clock that is set back holds nobody up longer', async () => {
  await through(caller('ada'), 1_000);
  now -= 3_600_000;
  expect(await through(caller('ada'), 1)).toBe(0);
  now += 1_000;
  expect(await through(caller('ada'), 300)).toBe(200);
});

test('other keys, and those without any, are not held back', async () => {
  await through(caller('ada'), 1_001);
  expect(await through(caller('otto'), 1_000)).toBe(1_000);
  expect(await through(ANYONE, 1_500)).toBe(1_500);
});

test('a key may have a thousand streams open, and one more for each that ends', () => {
  const close = Array.from({ length: 1_000 }, () => limits.openStream(caller('ada')));
  expect(() => limits.openStream(caller('ada'))).toThrow('The key has 1000 streams of events open.');
  limits.openStream(caller('otto'))();
  for (let i = 0; i < 1_001; i++) limits.openStream(ANYONE);
  close[0]!();
  close[0] = limits.openStream(caller('ada'));
  expect(() => limits.openStream(caller('ada'))).toThrow('The key has 1000 streams');
});
