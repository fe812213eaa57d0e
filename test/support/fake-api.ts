// A real HTTP server that serves records in pages and misbehaves exactly as a test tells it to.
//
//   const api = await startFakeApi({ records: { contacts: someRecords(2_500), empty: [] }, maxPageSize: 1_000 });
//   const crm = createHttpConnection('crm', api.connection('cursor'));        // or 'offset', 'page_number', 'json_link', …
//
//   api.addFault('contacts').status(500).times(2);                 // the next two requests for contacts
//   api.addFault('contacts').after(3).throttle(1);                 // the fourth request: 429, Retry-After: 1
//   api.addFault('contacts').at(1_000).truncate().always();        // whoever asks for the page of record 1,000
//   …                                                              // all kinds: test/support/fake-faults.ts
//   api.assertAllFaultsFired();                                    // a fault that never struck proves nothing
//
//   const hold = api.hold('contacts', 4);                          // four answers, then requests stand and wait
//   await hold.reached();                                          // … one stands there now: kill something
//   hold.release();
//
//   await api.waitFor(10);                                         // until ten requests have come
//   api.requests; api.served('contacts'); api.servedTwice('contacts');
//
// One server speaks all paginations at once: `limit` with `cursor`, `offset` or `page`; answers hold `next`, `next_url`,
// `total`, `total_pages` and a Link header. The records lie at `data`. Tokens come from POST /oauth/token.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpAuth, HttpConnection, HttpPaginator } from '../../src/config/http.js';
import { createBell, createGate, type Gate, type Hold } from './bell.js';
import { Fault, type Exchange } from './fake-faults.js';

/** Records as raw JSON texts: listed, or made on demand where there are many (see records.ts). */
export type FakeRecords = readonly string[] | { readonly count: number; at(index: number): string };

export interface FakeApiOptions {
  readonly records: Readonly<Record<string, FakeRecords>>;
  /** Larger pages are silently clamped to this. Default 1,000. */
  readonly maxPageSize?: number;
  /** Before each answer. */
  readonly latencyMs?: number;
  readonly encoding?: keyof typeof ENCODERS;
  /** Put around every record. */
  readonly whitespace?: string;
  /** Requests must carry this bearer token, or one from /oauth/token (client `client`, secret `secret`). */
  readonly token?: string;
  /** Where to listen. Default: a free port. */
  readonly port?: number;
}

export interface LoggedRequest {
  readonly stream: string;
  /** Index of the first record asked for. */
  readonly start: number;
  readonly size: number;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Null until it is answered. */
  status: number | null;
  /** The fault that struck it. */
  fault: string | null;
}

export interface ConnectionOptions extends Partial<Omit<HttpConnection, 'type' | 'baseUrl' | 'streams'>> {
  readonly pageSize?: number;
  readonly key?: string[];
}

export type FakeApi = Awaited<ReturnType<typeof startFakeApi>>;

const PAGINATORS = {
  cursor: { type: 'cursor', cursor_path: 'next', cursor_param: 'cursor', total_path: 'total' },
  json_link: { type: 'json_link', next_url_path: 'next_url' },
  header_link: { type: 'header_link' },
  offset: { type: 'offset', total_path: 'total' },
  'offset without total': { type: 'offset' },
  page_number: { type: 'page_number', total_path: 'total' },
  'page_number with total pages': { type: 'page_number', total_pages_path: 'total_pages' },
  'page_number without total': { type: 'page_number' },
  single_page: { type: 'single_page' },
} as const satisfies Record<string, HttpPaginator>;
export type Paging = keyof typeof PAGINATORS;
export const PAGINGS = Object.keys(PAGINATORS) as Paging[];

const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

export async function startFakeApi(options: FakeApiOptions) {
  const requests: LoggedRequest[] = [];
  const faults: Fault[] = [];
  const gates: Gate[] = [];
  const arrivals = createBell();
  const tokens = new Set(options.token === undefined ? [] : [options.token]);
  let tokensGiven = 0;

  const giveToken = (request: IncomingMessage, response: ServerResponse) => {
    const known =
      request.headers.authorization === `Basic ${Buffer.from('client:secret').toString('base64')}`;
    if (!known) return void response.writeHead(401).end('{"error":"invalid_client"}');
    const token = `token-${++tokensGiven}`;
    tokens.add(token);
    const body = { access_token: token, token_type: 'Bearer', expires_in: 3_600 };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const letIn = (request: IncomingMessage): boolean =>
    options.token === undefined || tokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '');

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(`http://${request.headers.host}${request.url}`);
    if (url.pathname === '/oauth/token') return giveToken(request, response);
    const place = findPlace(options, url);
    if (!place) return void response.writeHead(404).end('{}');
    const logged: LoggedRequest = {
      ...place,
      url: url.href,
      headers: request.headers,
      status: null,
      fault: null,
    };
    requests.push(logged);
    response.on('finish', () => (logged.status = response.statusCode));
    arrivals.ring();
    await Promise.all(gates.map((gate) => gate.pass(place.stream)));
    if (options.latencyMs !== undefined) await setTimeout(options.latencyMs);
    if (!letIn(request))
      return void response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    const exchange = createExchange(options, place, url, response, () => tokens.clear());
    const fault = faults.find((fault) => fault.takes(place));
    logged.fault = fault?.name ?? null;
    await (fault ? fault.strike(exchange) : exchange.answer());
  };

  const server = createServer((request, response) => void handle(request, response));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const served = (stream: string) =>
    requests.filter(
      (request) => request.stream === stream && request.status === 200 && request.fault === null,
    );

  return {
    url,
    requests: requests as readonly LoggedRequest[],
    /** A fault strikes the requests it was told to; the first one that was added and is not spent wins. */
    addFault(stream: string): Fault {
      const fault = new Fault(stream);
      faults.push(fault);
      return fault;
    },
    assertAllFaultsFired(): void {
      const left = faults.map((fault) => fault.unfinished()).filter((fault) => fault !== null);
      if (left.length > 0) throw new Error(`faults that did not fire: ${left.join('; ')}`);
    },
    /** Answers so many more requests for the stream, then lets them stand. */
    hold(stream: string, after = 0): Hold {
      const gate = createGate(stream, after);
      gates.push(gate);
      return gate;
    },
    /** Until so many requests have come since the start, for one stream or for all. */
    async waitFor(count: number, stream?: string): Promise<void> {
      const come = () => requests.filter((request) => (stream ?? request.stream) === request.stream).length;
      while (come() < count) await arrivals.heard();
    },
    /** The requests for a stream that got the right answer. */
    served,
    /** First records of the pages that were rightly answered more than once. */
    servedTwice(stream: string): number[] {
      const starts = served(stream).map((request) => request.start);
      return [...new Set(starts.filter((start, index) => starts.indexOf(start) !== index))];
    },
    expireTokens: () => tokens.clear(),
    tokensGiven: () => tokensGiven,
    connection: (paging: Paging, more: ConnectionOptions = {}) => toConnection(options, url, paging, more),
    /** Answers nothing more and frees the port. */
    async close(): Promise<void> {
      for (const gate of gates) gate.release();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function toConnection(
  { records, token }: FakeApiOptions,
  baseUrl: string,
  paging: Paging,
  { pageSize = 100, key = ['id'], ...rest }: ConnectionOptions,
): HttpConnection {
  const stream = (name: string) => ({
    path: `/${name}`,
    key,
    records: 'data',
    paginator: PAGINATORS[paging],
    pageSize: { param: 'limit', size: pageSize },
  });
  const auth: HttpAuth = token === undefined ? { type: 'none' } : { type: 'bearer', token };
  const streams = Object.fromEntries(Object.keys(records).map((name) => [name, stream(name)]));
  return { type: 'http', baseUrl, auth, ...rest, streams };
}

interface Place {
  readonly stream: string;
  readonly start: number;
  readonly size: number;
}

function findPlace({ records, maxPageSize = 1_000 }: FakeApiOptions, url: URL): Place | null {
  const stream = url.pathname.slice(1);
  if (!(stream in records)) return null;
  const size = Math.min(Number(url.searchParams.get('limit') ?? 100), maxPageSize);
  const cursor = url.searchParams.get('cursor');
  const page = Number(url.searchParams.get('page') ?? 1);
  const offset = Number(url.searchParams.get('offset') ?? (page - 1) * size);
  return { stream, size, start: cursor === null ? offset : Number(cursor.slice(1)) };
}

function createExchange(
  options: FakeApiOptions,
  place: Place,
  url: URL,
  response: ServerResponse,
  expireTokens: () => void,
): Exchange {
  const members = membersOf(options, place, url);
  const next = members.next_url;
  const withMembers = (other: Readonly<Record<string, string | undefined>>) =>
    toText({ ...members, ...other });
  return {
    ...place,
    response,
    url: url.href,
    cursor: `"c${place.start}"`,
    text: toText(members),
    with: withMembers,
    firstPage: () => toText(membersOf(options, { ...place, start: 0 }, url)),
    expireTokens,
    answer() {
      const link =
        next === 'null' ? {} : { link: `<${JSON.parse(next)}>; rel="next", <${url.origin}/>; rel="first"` };
      const { encoding } = options;
      const coding = encoding === undefined ? {} : { 'content-encoding': encoding };
      const text = toText(members);
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...link, ...coding });
      response.end(encoding === undefined ? text : ENCODERS[encoding](text));
    },
  };
}

function toText(members: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(members).filter(([, text]) => text !== undefined);
  return `{${present.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}

/** The members of the right body, as JSON texts. */
function membersOf({ records, whitespace = '' }: FakeApiOptions, { stream, start, size }: Place, url: URL) {
  const all = records[stream]!;
  const total = 'count' in all ? all.count : all.length;
  const end = Math.min(start + size, total);
  const texts = Array.from({ length: Math.max(0, end - start) }, (_, i) => at(all, start + i));
  const nextUrl = new URL(url);
  for (const param of ['offset', 'page']) nextUrl.searchParams.delete(param);
  nextUrl.searchParams.set('cursor', `c${end}`);
  return {
    data: `[${texts.map((text) => whitespace + text + whitespace).join()}]`,
    next: end < total ? `"c${end}"` : 'null',
    next_url: end < total ? JSON.stringify(nextUrl.href) : 'null',
    total: String(total),
    total_pages: String(Math.ceil(total / size)),
  };
}

function at(records: FakeRecords, index: number): string {
  return 'count' in records ? records.at(index) : records[index]!;
}
