// A source that goes in circles, or ignores the place in the request: noticed, not followed for ever.
import { expect, test } from 'vitest';
import { startFakeApi, type Paging } from '../support/fake-api.js';
import { contactsApi, openSource, readContacts } from '../support/http.js';
import { partitionsOf, recordsOfAll } from '../support/reading.js';

test.for<Paging>(['cursor', 'header_cursor', 'json_link', 'header_link'])(
  '%s that leads back to its own page is noticed',
  async (paging) => {
    const api = await contactsApi();
    api.addFault('contacts').at(20).repeatCursor().always();
    const source = openSource(api.connection(paging, { pageSize: 10 }));
    const { pages, error } = await readContacts(source);
    expect(error).toMatchObject({ code: 'cursor_repeated' });
    expect(pages).toHaveLength(2);
    const resumed = await readContacts(source, { from: pages.at(-1)!.next });
    expect(resumed).toMatchObject({ pages: [], error: { code: 'cursor_repeated' } });
  },
);

test('a first page that links to itself is noticed at once', async () => {
  const api = await contactsApi();
  api.addFault('contacts').repeatCursor().always();
  const { error } = await readContacts(openSource(api.connection('json_link')));
  expect(error).toMatchObject({ code: 'cursor_repeated' });
  expect(api.requests).toHaveLength(1);
});

test('a circle of cursors is noticed', async () => {
  const api = await contactsApi();
  api.addFault('contacts').at(30).members({ next: '"c10"' }).always();
  const { error } = await readContacts(openSource(api.connection('cursor', { pageSize: 10 })));
  expect(error).toMatchObject({ code: 'cursor_repeated' });
  expect(api.requests.map((request) => request.start)).toEqual([0, 10, 20, 30]);
});

test.for<Paging>(['offset', 'offset without total', 'page_number', 'page_number without total'])(
  '%s that is ignored by the server is noticed at the second page',
  async (paging) => {
    const api = await contactsApi();
    api.addFault('contacts').ignorePlace().always();
    const { pages, error } = await readContacts(openSource(api.connection(paging, { pageSize: 10 })));
    expect(error).toMatchObject({ code: 'cursor_repeated' });
    expect(pages).toHaveLength(1);
  },
);

test('a partition whose place is ignored is noticed by the page that the plan saw', async () => {
  const api = await contactsApi();
  api.addFault('contacts').ignorePlace().always();
  const source = openSource(api.connection('offset', { pageSize: 10 }));
  const [, second] = await partitionsOf(source, 'contacts', 5);
  const { pages, error } = await readContacts(source, { partition: second! });
  expect({ pages: pages.length, code: error?.code }).toEqual({ pages: 0, code: 'cursor_repeated' });
});

test('equal pages of records without a key pass, if there are not three in a row', async () => {
  const contacts = ['1', '1', '2', '2', '1'];
  const api = await startFakeApi({ records: { contacts } });
  const source = openSource(api.connection('offset without total', { pageSize: 1, key: [] }));
  const { pages, error } = await readContacts(source);
  await api.close();
  expect(error).toBeNull();
  expect(recordsOfAll(pages)).toEqual(contacts);
});

test('a page that ignores its place for ever is noticed without a key, across resumptions', async () => {
  const api = await contactsApi();
  api.addFault('contacts').ignorePlace().always();
  const source = openSource(api.connection('offset without total', { pageSize: 10, key: [] }));
  const { pages } = await readContacts(source);
  expect(pages).toHaveLength(2);
  const resumed = await readContacts(source, { from: pages.at(-1)!.next });
  expect(resumed).toMatchObject({ pages: [], error: { code: 'cursor_repeated' } });
});
