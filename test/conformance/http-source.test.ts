// The http source held to the contract of every source, once for each way of paging.
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { PAGINGS, startFakeApi, type Paging } from '../support/fake-api.js';
import { someRecords } from '../support/records.js';
import { describeSource, type SourceUnderTest } from './source-suite.js';

const RECORDS = { companies: someRecords(7), contacts: someRecords(230), empty: [], exact: someRecords(40) };

for (const paging of PAGINGS.filter((paging) => paging !== 'single_page')) {
  describeSource(`http by ${paging}`, { open: () => open(paging) });
}

describeSource('http by page_number, clamped by the server', { open: () => open('page_number', 500) });

describeSource('http by single_page', {
  open: () => open('single_page', 500),
  skip: [
    'never changes the bytes of a page that it gave away',
    'reads partitions side by side',
    'asks for nothing when it was stopped before it began',
    'asks for nothing new when it is stopped between pages, and can go on later',
    'breaks off a request in flight when it is aborted',
    'holds on to nothing when its reader leaves early',
    'closes while a page is waiting to be taken',
  ].map((test) => ({ test, reason: 'a stream of a single page has no second one' })),
});

async function open(paging: Paging, pageSize = 20): Promise<SourceUnderTest> {
  const maxPageSize = paging === 'single_page' ? 1_000 : 20;
  const api = await startFakeApi({ records: RECORDS, maxPageSize, token: 'secret' });
  const connection = createHttpConnection('crm', api.connection(paging, { pageSize }));
  return {
    source: connection.source!({}),
    expected: new Map(Object.entries(RECORDS)),
    dispose: () => api.close(),
  };
}
