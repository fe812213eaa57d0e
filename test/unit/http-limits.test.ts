// How fast a connection asks, and how soon it stops.
import { expect, test } from 'vitest';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { Stopped } from '../../src/core/errors.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { testContext } from '../support/reading.js';

test('all that is opened from a connection shares its rate', async () => {
  const api = await contactsApi();
  const config = api.connection('cursor', { pageSize: 5, limits: { requestsPerSecond: 40 } });
  const connection = createHttpConnection('crm', config);
  const began = performance.now();
  await Promise.all([1, 2].map(() => readContacts(connection.source!({}))));
  expect(api.requests).toHaveLength(20);
  expect(performance.now() - began).toBeGreaterThan(((20 - 4) / 40) * 1_000 * 0.95);
});

test('no more requests are in flight than the connection allows', async () => {
  const api = await contactsApi();
  const config = api.connection('cursor', { pageSize: 50, limits: { concurrency: 2 } });
  const connection = createHttpConnection('crm', config);
  const hold = api.hold('contacts');
  const reading = [1, 2, 3, 4].map(() => readContacts(connection.source!({})));
  await hold.reached(2);
  expect(api.requests).toHaveLength(2);
  hold.release();
  await Promise.all(reading);
  expect(api.requests).toHaveLength(4);
});

test('a request that waits for its turn is dropped when the job stops, and its turn goes to another', async () => {
  const api = await contactsApi();
  const config = api.connection('cursor', { pageSize: 50, limits: { concurrency: 1 } });
  const connection = createHttpConnection('crm', config);
  const hold = api.hold('contacts');
  const first = readContacts(connection.source!({}));
  await hold.reached();
  const ctx = testContext();
  const second = readContacts(connection.source!({}), { ctx });
  const third = readContacts(connection.source!({}));
  ctx.halt();
  expect((await second).error).toBeInstanceOf(Stopped);
  hold.release();
  expect((await first).error).toBeNull();
  expect((await third).error).toBeNull();
  expect(ctx.requests()).toBe(0);
});

test('a long wait for the rate is shown, and ends at once when the job stops', async () => {
  const api = await contactsApi();
  const config = api.connection('cursor', { pageSize: 10, limits: { requestsPerSecond: 0.01 } });
  const source = openSource(config);
  const ctx = testContext();
  const stopping = {
    ...ctx.meter,
    waiting: (until: number | null, reason: string) => {
      ctx.meter.waiting(until, reason);
      if (until !== null) ctx.halt();
    },
  };
  const began = Date.now();
  const { pages, error } = await readContacts(source, { ctx: { ...ctx, meter: stopping } });
  expect(error).toBeInstanceOf(Stopped);
  expect(pages).toHaveLength(1);
  expect(ctx.waits).toEqual([
    { until: expect.any(Number) as number, reason: 'rate limit' },
    { until: null, reason: 'rate limit' },
  ]);
  expect(ctx.waits[0]!.until! - began).toBeGreaterThan(99_000);
});

test('what is in flight when a job stops still arrives', async () => {
  const api = await contactsApi();
  const hold = api.hold('contacts');
  const ctx = testContext();
  const reading = readContacts(openSource(api.connection('cursor', { pageSize: 10 })), { ctx });
  await hold.reached();
  ctx.halt();
  hold.release();
  const { pages, error } = await reading;
  expect(pages).toHaveLength(1);
  expect(error).toBeInstanceOf(Stopped);
});

test.for(['before', 'inside'] as const)('silence %s an answer does not outlast an abort', async (where) => {
  const api = await contactsApi();
  api.addFault('contacts').hang(where);
  const ctx = testContext();
  const reading = readContacts(openSource(api.connection('cursor')), { ctx });
  await api.waitFor(1);
  ctx.abort();
  expect((await reading).error).toBeInstanceOf(Stopped);
});

test('limits are stated for whoever counts them', async () => {
  const api = await contactsApi();
  const limits = { requestsPerDay: 5, concurrency: 2 };
  expect(createHttpConnection('crm', api.connection('cursor', { limits })).limits).toEqual(limits);
});
