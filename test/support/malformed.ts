// Requests that no client should send, of every kind that comes to mind, the same ones in every run.
export interface Malformed {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const PATHS = [
  '/v1/jobs',
  '/v1/jobs/none',
  '/v1/jobs/none/events',
  '/v1/jobs/none/pause',
  '/v1/jobs/none/retry',
  '/v1/jobs/none/files/a',
  '/v1/connections/none/check',
  '/v1/archives/vault/..%2f..%2fetc',
  `/v1/archives/none/${'a/'.repeat(150)}a`,
  '/v1/archives?prefix=../..&connection=vault',
  '/v1/archives?cursor=eyJjb25uZWN0aW9uIjoxfQ',
  '/assets/..%2f..%2fpackage.json',
  '/v1/session',
  '/openapi.json',
  '/v1/jobs/%00%ff%2e%2e%2f',
  '/v1/jobs/%',
  '/v1/jobs/none/files/..%2f..%2fetc%2fpasswd',
  `/v1/jobs/${'x'.repeat(3_000)}`,
  '/%c0%ae%c0%ae/',
  '/v1/jobs?source=%27%20OR%201%3D1',
  '/v1/jobs?limit=-1&cursor=AAAA',
  '/v1/jobs?limit=1e9&limit=2&state=gone',
  `/v1/jobs?cursor=${'A'.repeat(5_000)}`,
  '/v1/jobs?cursor=eyJzdGFydCI6MX0',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'content-type': 'application/json' },
  { 'content-type': 'application/json; charset=utf-7' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'multipart/form-data' },
  { host: 'evil.example' },
  { host: 'a b' },
  { origin: 'null' },
  { authorization: 'Bearer' },
  { authorization: `Bearer ${'k'.repeat(4_000)}` },
  { cookie: `longhaul_session=${'.'.repeat(2_000)}` },
  { 'last-event-id': 'progress.running.1e999.-1.NaN.0.0.0' },
  { 'idempotency-key': 'k'.repeat(300) },
  { range: 'bytes=9-1,-,0-', 'if-range': '"' },
  { 'content-type': 'application/json', 'accept-encoding': 'x'.repeat(1_000) },
];

const BODIES: readonly ((random: () => number) => string | Buffer)[] = [
  () => '',
  () => '{',
  () => '[]',
  () => 'null',
  () => '"\\ud800"',
  () => '{"kind":"backup"}',
  () => '{"__proto__":{"kind":"backup"},"constructor":1}',
  () => '['.repeat(15_000),
  () => `{"kind":"${'x'.repeat(30_000)}"}`,
  () => 'x'.repeat(100_000),
  () => '{"kind":"verify","source":{"connection":"vault","archive":"../../etc"}}',
  () => JSON.stringify({ kind: 'backup', source: { connection: 1e308, streams: [[], {}, null] }, sink: [] }),
  () => JSON.stringify({ key: 'wrong' }),
  () => '{"lanes":1e999,"requestsPerSecond":-0}',
  (random) => Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))),
];

/** None of them is a request that could be done. */
export function malformed(count: number, seed: number): Malformed[] {
  const random = randomOf(seed);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: count }, () => {
    const method = oneOf(METHODS);
    const body = method === 'GET' || method === 'HEAD' ? undefined : oneOf(BODIES)(random);
    return { method, path: oneOf(PATHS), headers: oneOf(HEADERS), ...(body !== undefined && { body }) };
  });
}

/** What is no HTTP at all, for a socket. */
export const NO_HTTP: readonly string[] = [
  '\0\0\0\0\r\n\r\n',
  'GET\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
  'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
  'POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
  'GET http://evil.example/v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET //evil.example HTTP/1.1\r\nHost: [::1\r\n\r\n',
  'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
];
