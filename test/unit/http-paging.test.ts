// How each kind of collection is walked and cut.
import { expect, test } from 'vitest';
import type { HttpConnection, HttpPaginator } from '../../src/config/http.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import type { FakeApi, Paging } from '../support/fake-api.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { NASTY_RECORDS } from '../support/nasty-records.js';
import { collect, partitionsOf, recordsOfAll, streamNamed, testContext } from '../support/reading.js';
import { someRecord, someRecords } from '../support/records.js';

function starts(api: FakeApi): number[] {
  return api.requests.map((request) => request.start);
}

function withPaginator(config: HttpConnection, paginator: HttpPaginator): HttpConnection {
  return { ...config, streams: { contacts: { ...config.streams['contacts']!, paginator } } };
}

test.for<[Paging, requests: number[]]>([
  ['cursor', [0, 20, 40]],
  ['header_cursor', [0, 20, 40]],
  ['json_link', [0, 20, 40]],
  ['header_link', [0, 20, 40]],
  ['offset', [0, 20, 40]],
  ['offset without total', [0, 20, 40, 50]],
  ['page_number', [0, 20, 40]],
  ['page_number with total pages', [0, 20, 40]],
  ['page_number without total', [0, 20, 40, 60]],
])(
  '%s asks for each page once, and for an empty one only where nothing tells the end',
  async ([paging, pages]) => {
    const api = await contactsApi({ maxPageSize: 20 });
    const { error } = await readContacts(openSource(api.connection(paging, { pageSize: 500 })));
    expect(error).toBeNull();
    expect(starts(api)).toEqual(pages);
  },
);

test('the page size of a job goes before that of the configuration', async () => {
  const api = await contactsApi();
  const source = createHttpConnection('crm', api.connection('cursor', { pageSize: 5 })).source!({
    pageSize: 25,
  });
  await readContacts(source);
  expect(api.requests.map((request) => request.size)).toEqual([25, 25]);
});

test('a plan learns total and true page size by one request', async () => {
  const api = await contactsApi({ maxPageSize: 4 });
  const source = openSource(api.connection('page_number', { pageSize: 1_000 }));
  const stream = await streamNamed(source, 'contacts');
  const partitions = await collect(source.partitions(testContext(), stream, 4));
  expect(stream.estimate).toBe(50);
  expect(partitions.map((partition) => partition.estimate)).toEqual([16, 16, 16, 2]);
  expect(api.requests).toHaveLength(1);
});

test('a stream that is not cut tells its total by one record', async () => {
  const api = await contactsApi();
  const source = openSource(api.connection('cursor'));
  expect((await streamNamed(source, 'contacts')).estimate).toBe(50);
  expect(api.requests.map((request) => request.size)).toEqual([1]);
});

test('a stream without a total has no estimate, one partition, and costs no request to plan', async () => {
  const api = await contactsApi();
  const source = openSource(api.connection('offset without total'));
  expect(await partitionsOf(source, 'contacts', 8)).toMatchObject([{ id: '0', estimate: null }]);
  expect(api.requests).toEqual([]);
});

test.for<[Paging, last: number]>([
  ['offset', 45],
  // Only from the first page on is it known how many records came before: the last partition needs an empty page.
  ['page_number', 50],
  ['page_number with total pages', 45],
])('%s partitions ask for the same pages as one would', async ([paging, last]) => {
  const api = await contactsApi({ maxPageSize: 5 });
  const source = openSource(api.connection(paging));
  const partitions = await partitionsOf(source, 'contacts', 4);
  const planned = api.requests.length;
  for (const partition of partitions) await readContacts(source, { partition });
  const pages = Array.from({ length: last / 5 + 1 }, (_, index) => index * 5);
  expect(starts(api).slice(planned)).toEqual(pages);
});

test.for<Paging>(['offset', 'page_number'])(
  'the last %s partition reads what was added since',
  async (paging) => {
    const contacts = someRecords(50);
    const api = await contactsApi({ records: { contacts }, maxPageSize: 5 });
    const source = openSource(api.connection(paging));
    const last = (await partitionsOf(source, 'contacts', 4)).at(-1)!;
    contacts.push(...Array.from({ length: 13 }, (_, index) => someRecord(50 + index)));
    const { pages } = await readContacts(source, { partition: last });
    expect(recordsOfAll(pages).at(-1)).toBe(contacts.at(-1));
  },
);

test('offset partitions do not overlap when the server changes its page size', async () => {
  const records = { contacts: someRecords(50) };
  const small = await contactsApi({ records, maxPageSize: 10 });
  const large = await contactsApi({ records, maxPageSize: 17 });
  const partitions = await partitionsOf(openSource(small.connection('offset')), 'contacts', 3);
  const source = openSource(large.connection('offset'));
  const read = [];
  for (const partition of partitions) read.push(...(await readContacts(source, { partition })).pages);
  expect(recordsOfAll(read)).toEqual(records.contacts);
});

test('a numeric cursor keeps all its digits, an escaped one its letters', async () => {
  const api = await contactsApi();
  api.addFault('contacts').members({ next: '98765432109876543210' });
  api.addFault('contacts').members({ next: String.raw`"a\/b\u00e9&c=d"` });
  const { pages } = await readContacts(openSource(api.connection('cursor')));
  const asked = api.requests.map((request) => new URL(request.url).searchParams.get('cursor'));
  expect(asked).toEqual([null, '98765432109876543210', 'a/bé&c=d']);
  expect(pages[0]!.next).toEqual({ at: '98765432109876543210' });
});

test('a cursor in a header is sent on as it came, and an empty one ends', async () => {
  const api = await contactsApi();
  api.addFault('contacts').headers({ 'X-Next-Cursor': ' 98765432109876543210 ' });
  api.addFault('contacts').headers({ 'X-Next-Cursor': 'a/b=&c' });
  api.addFault('contacts').headers({ 'X-Next-Cursor': '' });
  const { pages } = await readContacts(openSource(api.connection('header_cursor')));
  const asked = api.requests.map((request) => new URL(request.url).searchParams.get('cursor'));
  expect(asked).toEqual([null, '98765432109876543210', 'a/b=&c']);
  expect(pages.map(({ next }) => next)).toEqual([{ at: '98765432109876543210' }, { at: 'a/b=&c' }, null]);
});

test('a cursor in a header that is too long to keep is refused by name', async () => {
  const api = await contactsApi();
  api.addFault('contacts').headers({ 'X-Next-Cursor': 'x'.repeat(6_001) });
  const { pages, error } = await readContacts(openSource(api.connection('header_cursor')));
  expect({ pages, code: error?.code }).toEqual({ pages: [], code: 'source_refused' });
});

test.for<[Paging, next: string]>([
  ['json_link', '"http://elsewhere.example/contacts?page=2"'],
  ['json_link', '"//elsewhere.example/contacts"'],
])('%s does not follow %s', async ([paging, next]) => {
  const api = await contactsApi();
  api.addFault('contacts').members({ next_url: next });
  const { error } = await readContacts(openSource(api.connection(paging)));
  expect(error).toMatchObject({ code: 'source_refused' });
  expect(error?.message).toContain('elsewhere.example');
  expect(api.requests).toHaveLength(1);
});

test('a link whose path looks like a host stays at home', async () => {
  const api = await contactsApi();
  api.addFault('contacts').members({ next_url: '"/.//elsewhere.example/contacts"' });
  const { error } = await readContacts(openSource(api.connection('json_link')));
  expect(error).toMatchObject({ code: 'source_not_found' });
});

test('a key in the query is sent with every page and kept in no cursor', async () => {
  const api = await contactsApi();
  const auth = { type: 'api_key', key: 'hush', name: 'apikey', in: 'query' } as const;
  const { pages } = await readContacts(openSource(api.connection('json_link', { pageSize: 10, auth })));
  expect(api.requests.map((request) => new URL(request.url).searchParams.get('apikey'))).toEqual(
    Array(5).fill('hush'),
  );
  expect(JSON.stringify(pages.map((page) => page.next))).not.toContain('hush');
});

test.for<[total: string, estimate: number | null]>([
  ['50', 50],
  ['"50"', 50],
  ['-1', null],
  ['null', null],
  ['5.5', null],
])('a total of %s is taken as %s', async ([total, estimate]) => {
  const api = await contactsApi();
  api.addFault('contacts').members({ total });
  const source = openSource(api.connection('offset', { pageSize: 10 }));
  expect((await streamNamed(source, 'contacts')).estimate).toBe(estimate);
});

test('records that are the whole body, and paths and parameters of every kind, are asked for as configured', async () => {
  const api = await contactsApi();
  const config = withPaginator(api.connection('single_page'), { type: 'single_page' });
  const contacts = {
    ...config.streams['contacts']!,
    records: '',
    path: 'contacts',
    params: { open: true, q: 'a b' },
  };
  api.addFault('contacts').body(' [1.10, 2e400]\n');
  const { pages } = await readContacts(
    openSource({ ...config, baseUrl: `${api.url}/`, streams: { contacts } }),
  );
  expect(recordsOfAll(pages)).toEqual(['1.10', '2e400']);
  expect(api.requests[0]!.url).toBe(`${api.url}/contacts?open=true&q=a+b&limit=100`);
});

test.for(['gzip', 'deflate', 'br'] as const)('bodies in %s are read as those in none', async (encoding) => {
  const api = await contactsApi({ encoding, whitespace: ' \r\n\t' });
  const { pages } = await readContacts(openSource(api.connection('cursor', { pageSize: 20 })));
  expect(recordsOfAll(pages)).toEqual(someRecords(50));
});

test('records that a parser would change arrive as they were sent', async () => {
  const api = await contactsApi({ records: { contacts: NASTY_RECORDS } });
  const { pages } = await readContacts(openSource(api.connection('offset', { pageSize: 5 })));
  expect(recordsOfAll(pages)).toEqual(NASTY_RECORDS);
});
