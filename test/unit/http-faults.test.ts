// Every way in which an API fails, and the error that names it.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.js';
import type { Fault } from '../support/fake-faults.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { testContext } from '../support/reading.js';

const JSON_TYPE = { 'content-type': 'application/json' };

const FAULTS: [name: string, fault: (fault: Fault) => Fault, code: ErrorCode][] = [
  ['500', (fault) => fault.status(500), 'source_unavailable'],
  ['503 without Retry-After', (fault) => fault.status(503), 'source_unavailable'],
  ['503 with Retry-After', (fault) => fault.status(503, { 'retry-after': '9' }), 'source_throttled'],
  ['429', (fault) => fault.throttle(null), 'source_throttled'],
  ['403', (fault) => fault.status(403), 'source_forbidden'],
  ['403 with Retry-After', (fault) => fault.status(403, { 'retry-after': '9' }), 'source_throttled'],
  [
    '403 with a limit gone by',
    (fault) => fault.status(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000000001' }),
    'source_forbidden',
  ],
  ['404', (fault) => fault.status(404), 'source_not_found'],
  ['408', (fault) => fault.status(408), 'source_timeout'],
  ['400', (fault) => fault.status(400), 'source_refused'],
  ['304', (fault) => fault.status(304), 'source_refused'],
  ['HTML with 200', (fault) => fault.html(), 'response_not_json'],
  [
    'text that is not JSON',
    (fault) => fault.body('hello', { 'content-type': 'text/plain' }),
    'response_not_json',
  ],
  ['HTML that claims to be JSON', (fault) => fault.body('<html>'), 'response_not_json'],
  ['nothing with 204', (fault) => fault.status(204), 'response_invalid'],
  ['invalid JSON', (fault) => fault.invalidJson(), 'response_invalid'],
  ['bytes that are not UTF-8', (fault) => fault.body(Buffer.from([0x22, 0xff, 0x22])), 'response_invalid'],
  ['a second document in one body', (fault) => fault.body('{"data":[]}{"data":[]}'), 'response_invalid'],
  ['half of what it announced', (fault) => fault.truncate('length'), 'response_invalid'],
  ['half of a chunked body', (fault) => fault.truncate('chunked'), 'response_invalid'],
  [
    'half of a compressed body',
    (fault) =>
      fault.body(gzipSync('{"data":[]}').subarray(0, 20), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    'response_invalid',
  ],
  [
    'an encoding not asked for',
    (fault) => fault.body('{"data":[]}', { ...JSON_TYPE, 'content-encoding': 'rot13' }),
    'response_invalid',
  ],
  ['no records', (fault) => fault.missingRecords(), 'records_missing'],
  ['records that are no array', (fault) => fault.members({ data: '{"id":1}' }), 'records_missing'],
  ['a cursor that is an object', (fault) => fault.members({ next: '{"at":1}' }), 'response_invalid'],
  [
    'a cursor too long to keep',
    (fault) => fault.members({ next: `"${'x'.repeat(7_000)}"` }),
    'source_refused',
  ],
  ['a redirect to elsewhere', (fault) => fault.redirect('http://elsewhere.example/login'), 'source_refused'],
  ['a redirect without end', (fault) => fault.redirect('/contacts').times(6), 'source_refused'],
  ['a reset', (fault) => fault.reset(), 'source_unreachable'],
];

describe('an API that answers', () => {
  test.for(FAULTS)('%s is named and not asked again', async ([, script, code]) => {
    const api = await contactsApi();
    const fault = script(api.addFault('contacts').after(1));
    const ctx = testContext();
    const { pages, error } = await readContacts(openSource(api.connection('cursor', { pageSize: 10 })), {
      ctx,
    });
    expect({ pages: pages.length, code: error?.code }).toEqual({ pages: 1, code });
    expect(ctx.requests()).toBe(1 + fault.fired);
    api.assertAllFaultsFired();
  });

  test.for(FAULTS)(
    '%s once is read whole from the last page, with nothing asked twice',
    async ([, script]) => {
      const api = await contactsApi();
      script(api.addFault('contacts').after(1));
      const source = openSource(api.connection('cursor', { pageSize: 10 }));
      const { pages } = await readContacts(source);
      const rest = await readContacts(source, { from: pages.at(-1)!.next });
      expect(rest.error).toBeNull();
      expect([...pages, ...rest.pages].reduce((sum, page) => sum + page.records, 0)).toBe(50);
      expect(api.servedTwice('contacts')).toEqual([]);
    },
  );

  test.for(['before', 'inside'] as const)('silence %s a body is a timeout', async (where) => {
    const api = await contactsApi();
    api.addFault('contacts').hang(where);
    const { error } = await readContacts(openSource(api.connection('cursor', { timeoutSeconds: 0.2 })));
    expect(error).toMatchObject({ code: 'source_timeout' });
  });

  test('nothing, being gone, is unreachable', async () => {
    const api = await contactsApi();
    const source = openSource(api.connection('cursor'));
    await api.close();
    expect((await readContacts(source)).error).toMatchObject({ code: 'source_unreachable' });
  });

  test('more bytes than a page may have is refused by name', async () => {
    const api = await contactsApi({ encoding: 'gzip' });
    const source = openSource(api.connection('cursor', { maxPageBytes: 2_000 }));
    const { error } = await readContacts(source);
    expect(error).toMatchObject({
      code: 'source_refused',
      hint: expect.stringContaining('maxPageBytes') as string,
    });
  });

  test('a redirect on its own origin is followed', async () => {
    const api = await contactsApi();
    api.addFault('contacts').redirect('/contacts?limit=7');
    const ctx = testContext();
    const { pages, error } = await readContacts(openSource(api.connection('cursor')), { ctx });
    expect(error).toBeNull();
    expect(pages.map((page) => page.records)).toEqual([7, 43]);
    expect(ctx.requests()).toBe(3);
  });

  test('a fault is described without query, credential or body', async () => {
    const api = await contactsApi({ token: 'hush' });
    api.addFault('contacts').status(400, { 'content-type': `text/plain; x=${'y'.repeat(200)}` });
    const { error } = await readContacts(openSource(api.connection('cursor')));
    expect(error?.message).toMatch(/^contacts: GET \/contacts answered 400 \(text\/plain; x=y{1,80}\)\.$/);
  });

  test('a header that cannot be sent names the configuration, not the header', async () => {
    const api = await contactsApi({ token: 'hush\nhush' });
    const { error } = await readContacts(openSource(api.connection('cursor')));
    expect(error).toMatchObject({ code: 'config_invalid' });
    expect(`${error?.message}${error?.hint}${String(error?.cause)}`).not.toContain('hush');
  });
});

describe('a throttled request says when to come back', () => {
  test.for<[name: string, headers: () => Record<string, string>, range: [number, number]]>([
    ['in seconds', () => ({ 'retry-after': '120' }), soon(120)],
    ['as a date', () => ({ 'retry-after': new Date(epoch(90) * 1_000).toUTCString() }), soon(90)],
    ['as a date gone by', () => ({ 'retry-after': new Date(0).toUTCString() }), [-1_000, 500]],
    ['by RateLimit', () => ({ ratelimit: '"default";r=0;t=30' }), soon(30)],
    ['by the older RateLimit', () => ({ ratelimit: 'limit=100, remaining=0, reset=40' }), soon(40)],
    ['by RateLimit-Reset', () => ({ 'ratelimit-reset': '50' }), soon(50)],
    ['by X-RateLimit-Reset in epoch seconds', () => ({ 'x-ratelimit-reset': String(epoch(60)) }), soon(60)],
    ['by X-RateLimit-Reset in epoch ms', () => ({ 'x-ratelimit-reset': `${epoch(70)}000` }), soon(70)],
    [
      'in nanoseconds, as in a month',
      () => ({ 'x-ratelimit-reset': `${epoch(9)}000000000` }),
      soon(31 * 86_400),
    ],
    ['in years, as in a month', () => ({ 'retry-after': '9'.repeat(30) }), soon(31 * 86_400)],
    ['by Retry-After before all others', () => ({ 'retry-after': '5', 'ratelimit-reset': '50' }), soon(5)],
    ['by nothing it understands', () => ({ 'retry-after': 'later' }), soon(5)],
  ])('%s', async ([, headers, [least, most]]) => {
    const api = await contactsApi();
    api.addFault('contacts').status(429, headers());
    const { error } = await readContacts(openSource(api.connection('cursor')));
    const wait = (error?.until ?? NaN) - Date.now();
    expect(error?.code).toBe('source_throttled');
    expect(wait).toBeGreaterThan(least);
    expect(wait).toBeLessThan(most);
  });
});

/** The least and the most ms to wait. */
function soon(seconds: number): [number, number] {
  return [seconds * 1_000 - 500, seconds * 1_000 + 1_500];
}

function epoch(seconds: number): number {
  return Math.round(Date.now() / 1_000) + seconds;
}
