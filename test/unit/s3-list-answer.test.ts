// Keys in the answers of servers that differ in how they write them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createS3Client } from '../../src/connectors/s3/client.js';
import { createS3Tree } from '../../src/connectors/s3/tree.js';
import { collect, testContext } from '../support/reading.js';

let answer = '';
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(answer);
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const of = (key: string): string => `
    <Contents>
      <ETag>&#34;e&quot;</ETag><Size>7</Size>
      <Key>${key}</Key>
    </Contents>`;

test.for([
  [
    'encoded as in URLs, a space as a plus',
    '<EncodingType>url</EncodingType>',
    ['a+b', 'c%2Bd', '%C3%BC%01'],
    ['a b', 'c+d', 'ü\u0001'],
  ],
  [
    'as they are, in XML',
    '',
    ['a+b', '100%', 'x&amp;y', '&lt;&#252;&#x1F69A;&gt;'],
    ['a+b', '100%', 'x&y', '<ü🚚>'],
  ],
  ['none at all', '', [], []],
] as const)('keys %s', async ([, encoding, keys, expected]) => {
  answer = `<?xml version="1.0"?>\n<ListBucketResult>${encoding}<IsTruncated>false</IsTruncated>${keys.map(of).join('')}\n</ListBucketResult>`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = createS3Client({ type: 's3', bucket: 'b', endpoint, credentials });
  const pages = await collect(createS3Tree(client, '').list(testContext(), { after: null, to: null }));
  expect(pages.flat()).toEqual(expected.map((key) => ({ key, size: 7, version: '"e"' })));
});
