// What is no request that can be read: it is answered, and whoever sends it hears why.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve, type Serving } from '../../src/api/server.js';

let serving: Serving;
beforeAll(async () => {
  serving = await serve(() => new Response('hello'), { host: '127.0.0.1', port: 0, hasKeys: false });
});
afterAll(() => serving.close());

/** All that comes back; an error where the connection is reset. */
async function answerTo(request: string): Promise<string> {
  const socket = connect(Number(new URL(serving.url).port), '127.0.0.1');
  socket.write(request);
  return text(socket);
}

const TOO_LARGE = '431 Request Header Fields Too Large';

test.each([
  ['a long address', `GET /?q=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, TOO_LARGE],
  ['one without end', `GET /?q=${'a'.repeat(2_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, TOO_LARGE],
  ['a long header', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, TOO_LARGE],
  ['another language', 'EHLO mail\r\n\r\n', '400 Bad Request'],
])('%s is answered in full', async (_, request, status) => {
  const told = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  expect(await answerTo(request)).toBe(told);
});
