// The sample API: as faulty as it says, the same every time, and able to prove a copy of it.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSampleApi, type SampleApiOptions } from '../../examples/sample-api/server.js';
import type { Stats } from '../../examples/sample-api/stats.js';
import type { HttpConnection } from '../../src/config/http.js';
import type { Cursor, Source } from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import { openSource, WHOLE } from '../support/http.js';
import { testContext } from '../support/reading.js';

const QUICK: SampleApiOptions = { records: 5_000, seed: 1, faults: true, rps: 100_000, token: undefined };

async function sampleApi(options: Partial<SampleApiOptions> = {}): Promise<string> {
  const server = createSampleApi({ ...QUICK, ...options }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function config(baseUrl: string, token = 'sample'): HttpConnection {
  const paginator = { type: 'cursor', cursor_path: 'next', cursor_param: 'cursor' } as const;
  const stream = (name: string) => ({
    path: `/${name}`,
    records: 'data',
    paginator,
    pageSize: { param: 'limit', size: 50 },
  });
  const streams = { companies: stream('companies'), contacts: stream('contacts') };
  return { type: 'http', baseUrl, auth: { type: 'bearer', token }, streams };
}

async function stats(url: string): Promise<Stats> {
  return (await (await fetch(`${url}/_stats`)).json()) as Stats;
}

/** Reads on from the last page whenever the API fails; two failures in a row end it. */
async function copy(
  source: Source,
  name: string,
): Promise<{ name: string; records: number; digest: string }> {
  const hash = createHash('sha256');
  const at: { cursor: Cursor | null; records: number; failed: boolean; done: boolean } = {
    cursor: null,
    records: 0,
    failed: false,
    done: false,
  };
  while (!at.done) {
    try {
      for await (const page of source.read(testContext(), name, WHOLE, at.cursor)) {
        for (const chunk of page.payload.chunks) hash.update(chunk);
        Object.assign(at, { cursor: page.next, records: at.records + page.records, failed: false });
      }
      at.done = true;
    } catch (error) {
      if (at.failed || !(error instanceof LonghaulError)) throw error;
      at.failed = true;
    }
  }
  return { name, records: at.records, digest: hash.digest('hex') };
}

test('a copy of it has the digests that it states, through all its faults, and no page is served twice', async () => {
  const url = await sampleApi();
  const source = openSource(config(url));
  const copied = [await copy(source, 'companies'), await copy(source, 'contacts')];
  const { streams, faults, requests, distinctPages, repeatedPages } = await stats(url);
  expect(copied).toEqual(streams);
  expect(Object.keys(faults).sort()).toEqual(['429', '500', 'cut off']);
  expect({ distinctPages, repeatedPages }).toEqual({ distinctPages: 100, repeatedPages: 0 });
  expect(requests).toBe(100 + Object.values(faults).reduce((sum, count) => sum + count, 0));
});

test('the same seed gives the same records, another gives others', async () => {
  const urls = [await sampleApi(), await sampleApi(), await sampleApi({ seed: 2 })];
  const [one, again, other] = await Promise.all(urls.map(async (url) => (await stats(url)).streams));
  expect(again).toEqual(one);
  expect(other![0]!.digest).not.toBe(one![0]!.digest);
});

test('it lets in only who carries its token, where it has one', async () => {
  const url = await sampleApi({ token: 'sample', faults: false });
  await expect(copy(openSource(config(url, 'other')), 'contacts')).rejects.toMatchObject({
    code: 'unauthorized',
  });
  expect(await copy(openSource(config(url)), 'contacts')).toMatchObject({ records: 3_800 });
});

test('more requests than it allows are sent away for a second', async () => {
  const url = await sampleApi({ rps: 1, faults: false });
  const answers = [await fetch(`${url}/contacts`), await fetch(`${url}/contacts`)];
  expect(answers.map((answer) => answer.status)).toEqual([200, 429]);
  expect(answers[1]!.headers.get('retry-after')).toBe('1');
});
