// What answers say of the limits on requests, and that nothing is asked before those renew that are spent.
import { describe, expect, test } from 'vitest';
import { createAllowance } from '../../src/connectors/http/allowance.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { closedUntil, comeBackAt } from '../../src/connectors/http/retry-after.js';
import type { Context } from '../../src/core/connector.js';
import { Stopped } from '../../src/core/errors.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { testContext } from '../support/reading.js';

const NOW = Date.UTC(2026, 0, 1);
const EPOCH = NOW / 1_000;
const DAY = 86_400;

type Fields = Readonly<Record<string, string | string[]>>;

describe('an answer that was given holds the next request back', () => {
  test.for<[name: string, fields: Fields, seconds: number | null]>([
    ['by RateLimit', { ratelimit: '"default";r=0;t=30' }, 30],
    ['by RateLimit with spaces and a token for a name', { ratelimit: ' default; r=0; t=30' }, 30],
    ['by the older RateLimit', { ratelimit: 'limit=100, remaining=0, reset=40' }, 40],
    ['by RateLimit-Remaining', { 'ratelimit-remaining': '0', 'ratelimit-reset': '50' }, 50],
    ['until an epoch in seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH + 60}` }, 60],
    ['until an epoch in ms', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': `${EPOCH + 70}000` }, 70],
    ['until a date', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-01-01T00:01:20.000Z' }, 80],
    ['for parts of a second', { 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '0.5' }, 0.5],
    ['by the longest limit that is spent', { ratelimit: ['"a";r=0;t=1', '"b";r=0;t=9, "c";r=1;t=99'] }, 9],
    ['not where its limits have something left', { ratelimit: '"a";r=1;t=1, "b";r=850' }, null],
    [
      'by older fields where RateLimit has something left',
      { ratelimit: '"a";r=5;t=9', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' },
      60,
    ],
    [
      'for the time of one request where a limit names no end',
      { ratelimit: '"day";r=0', 'ratelimit-policy': '"burst";q=9;w=1, "day";q=1440;w=86400;pk=:YQ==:' },
      60,
    ],
    ['not by a policy alone', { 'ratelimit-policy': '"day";q=0;w=86400' }, null],
    ['not by a policy of nothing', { ratelimit: '"a";r=0', 'ratelimit-policy': '"a";q=0;w=0' }, null],
    ['not by what stands in a text', { ratelimit: '"a;r=0;t=9, b;r=0;t=9";r=7;pk=";r=0;t=9"' }, null],
    ['not by a text that is never closed', { ratelimit: '"a;r=0;t=9, "b\\";r=0;t=9' }, null],
    ['not by a number of another kind', { ratelimit: '"a";r=0.5;t=9' }, null],
    ['not until a time gone by', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH - 1}` }, null],
    ['not where no end is named', { 'x-ratelimit-remaining': '0' }, null],
    ['not by a number below nothing', { 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': '60' }, null],
    ['for a month', { ratelimit: `"month";r=0;t=${31 * DAY}` }, 31 * DAY],
    ['not for longer', { ratelimit: `"a";r=0;t=${31 * DAY + 1}` }, null],
    [
      'not until nanoseconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH}000000000` },
      null,
    ],
    ['not where Retry-After says something', { 'retry-after': '1', ratelimit: '"a";r=0;t=30' }, null],
  ])('%s', ([, fields, seconds]) => {
    expect(closedUntil(fields, NOW)).toBe(seconds === null ? undefined : NOW + seconds * 1_000);
  });
});

test.for<[name: string, fields: Fields, seconds: number]>([
  ['the limit that is spent, not the first', { ratelimit: '"a";r=5;t=1, "b";r=0;t=60' }, 60],
  ['the first where none is known to be spent', { ratelimit: '"a";r=5;t=1, "b";r=4;t=60' }, 1],
  ['the older fields where RateLimit says no time', { ratelimit: '"a";r=0', 'x-ratelimit-reset': '7' }, 7],
  ['a date', { 'x-ratelimit-reset': '2026-01-01T01:00:09+01:00' }, 9],
  ['nothing, by a date that is none', { 'x-ratelimit-reset': '2026-13-01T00:00:09Z' }, 5],
])('a refusal is believed by %s', ([, fields, seconds]) => {
  expect(comeBackAt(fields, NOW)).toBe(NOW + seconds * 1_000);
});

/** Time passes only where it is waited away. */
function createTime(onWait: (ctx: Context) => void = () => {}) {
  let at = NOW;
  const waits: number[] = [];
  return {
    waits,
    now: () => at,
    wait: async (ctx: Context, ms: number) => {
      waits.push(ms);
      at += ms;
      onWait(ctx);
    },
  };
}

const spent = (seconds: number) => ({ ratelimit: `"default";r=0;t=${seconds}` });

describe('a connection whose requests are spent', () => {
  test('waits until they renew, and then no longer', async () => {
    const time = createTime();
    const allowance = createAllowance(time);
    await allowance.ready(testContext(), 'a');
    allowance.heard(spent(30));
    await allowance.ready(testContext(), 'b');
    await allowance.ready(testContext(), 'c');
    expect(time.waits).toEqual([30_000]);
  });

  test('is not let go on by an answer from before', async () => {
    const time = createTime();
    const allowance = createAllowance(time);
    allowance.heard(spent(30));
    allowance.heard({ ratelimit: '"default";r=3;t=30' });
    allowance.heard(spent(10));
    await allowance.ready(testContext(), 'a');
    expect(time.waits).toEqual([30_000]);
  });

  test('waits on where an answer on its way says so meanwhile', async () => {
    let more = 1;
    const time = createTime(() => more-- > 0 && allowance.heard(spent(5)));
    const allowance = createAllowance(time);
    allowance.heard(spent(30));
    await allowance.ready(testContext(), 'a');
    expect(time.waits).toEqual([30_000, 5_000]);
  });

  test('gives a longer wait to the job, without waiting itself', async () => {
    const time = createTime();
    const allowance = createAllowance(time);
    allowance.heard(spent(31));
    await expect(allowance.ready(testContext(), 'contacts: GET /contacts')).rejects.toMatchObject({
      code: 'source_throttled',
      until: NOW + 31_000,
      message: expect.stringContaining('contacts: GET /contacts was not sent') as string,
    });
    expect(time.waits).toEqual([]);
  });

  test('sends nothing for a job that stops meanwhile', async () => {
    const ctx = testContext();
    const allowance = createAllowance(createTime(() => ctx.halt()));
    allowance.heard(spent(3));
    await expect(allowance.ready(ctx, 'a')).rejects.toBeInstanceOf(Stopped);
  });
});

describe('a source whose answers say that nothing is left', () => {
  test('is asked again when it said, and not before', async () => {
    const api = await contactsApi();
    api.addFault('contacts').headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0.3' });
    const began = performance.now();
    const { pages, error } = await readContacts(openSource(api.connection('cursor', { pageSize: 25 })));
    expect({ pages: pages.length, error }).toEqual({ pages: 2, error: null });
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(api.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('is not asked for the sake of a long wait, by whoever uses the connection', async () => {
    const api = await contactsApi();
    api.addFault('contacts').headers(spent(3_600));
    const connection = createHttpConnection('crm', api.connection('cursor', { pageSize: 25 }));
    const ctx = testContext();
    const one = await readContacts(connection.source!({}), { ctx });
    const other = await readContacts(connection.source!({}));
    for (const { error } of [one, other]) {
      expect(error).toMatchObject({ code: 'source_throttled' });
      expect(error!.until! - Date.now()).toBeGreaterThan(3_590_000);
    }
    expect([one.pages.length, other.pages.length, ctx.requests()]).toEqual([1, 0, 1]);
    expect(api.requests).toHaveLength(1);
  });

  test('is not waited for at its end', async () => {
    const api = await contactsApi();
    api.addFault('contacts').after(1).headers(spent(3_600));
    const { pages, error } = await readContacts(openSource(api.connection('offset', { pageSize: 25 })));
    expect({ pages: pages.length, error }).toEqual({ pages: 2, error: null });
    api.assertAllFaultsFired();
  });

  test('is shown as waited for, and left at once when the job stops', async () => {
    const api = await contactsApi();
    api.addFault('contacts').headers(spent(20));
    const ctx = testContext();
    const waiting = (until: number | null, reason: string) => {
      ctx.meter.waiting(until, reason);
      ctx.halt();
    };
    const source = openSource(api.connection('cursor', { pageSize: 25 }));
    const { error } = await readContacts(source, { ctx: { ...ctx, meter: { ...ctx.meter, waiting } } });
    expect(error).toBeInstanceOf(Stopped);
    expect(ctx.waits.map(({ reason }) => reason)).toEqual(['rate limit', 'rate limit']);
    expect(api.requests).toHaveLength(1);
  });

  test('is throttled, not forbidden, where it refuses by 403', async () => {
    const api = await contactsApi();
    api.addFault('contacts').status(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' });
    const { error } = await readContacts(openSource(api.connection('cursor')));
    expect(error).toMatchObject({ code: 'source_throttled' });
  });
});
