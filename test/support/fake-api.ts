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
// `total`, `total_pages`, a Link and an X-Next-Cursor header. The records lie at `data`. Tokens: test/support/fake-tokens.ts.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { HttpAuth, HttpConnection, HttpPaginator } from '../../src/config/http.js';
import { createBell, createGate, type Gate, type Hold } from './bell.js';
import { Fault } from './fake-faults.js';
import { createFakeTokens } from './fake-tokens.js';
import { createExchange, findPlace, type FakeApiOptions } from './fake-pages.js';

export type { FakeApiOptions, FakeRecords } from './fake-pages.js';

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
  header_cursor: { type: 'header_cursor', cursor_header: 'X-Next-Cursor', cursor_param: 'cursor' },
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

export async function startFakeApi(options: FakeApiOptions) {
  const requests: LoggedRequest[] = [];
  const faults: Fault[] = [];
  const gates: Gate[] = [];
  const arrivals = createBell();
  const tokens = createFakeTokens(options.token);

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(`http://${request.headers.host}${request.url}`);
    if (tokens.takes(url.pathname, request, response)) return;
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
    if (!tokens.letsIn(request))
      return void response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    const exchange = createExchange(options, place, url, response, tokens.expire);
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
    /** Forgets the requests so far, so that a long run does not fill memory. */
    forget: () => void (requests.length = 0),
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
    expireTokens: tokens.expire,
    tokensGiven: tokens.given,
    logins: tokens.logins,
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
