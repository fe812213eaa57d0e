// Shortcuts for tests of the http connector against a fake API.
import { onTestFinished } from 'vitest';
import type { HttpConnection } from '../../src/config/http.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import type { Cursor, Page, Partition, Source } from '../../src/core/connector.js';
import type { LonghaulError } from '../../src/core/errors.js';
import { startFakeApi, type FakeApi, type FakeApiOptions } from './fake-api.js';
import { testContext, type TestContext } from './reading.js';
import { someRecords } from './records.js';

/** One stream, `contacts`, of 50 records; the server is closed at the end of the test. */
export async function contactsApi(options: Partial<FakeApiOptions> = {}): Promise<FakeApi> {
  const api = await startFakeApi({ records: { contacts: someRecords(50) }, ...options });
  onTestFinished(() => api.close());
  return api;
}

export function openSource(config: HttpConnection): Source {
  return createHttpConnection('crm', config).source!({});
}

export const WHOLE: Partition = { id: '0', range: null, estimate: null };

/** Reads `contacts` until its end, or until the error that ends it. */
export async function readContacts(
  source: Source,
  {
    from = null,
    partition = WHOLE,
    ctx = testContext(),
  }: { from?: Cursor | null; partition?: Partition; ctx?: TestContext } = {},
): Promise<{ pages: Page[]; error: LonghaulError | null }> {
  const pages: Page[] = [];
  try {
    for await (const page of source.read(ctx, 'contacts', partition, from)) pages.push(page);
    return { pages, error: null };
  } catch (error) {
    return { pages, error: error as LonghaulError };
  }
}
