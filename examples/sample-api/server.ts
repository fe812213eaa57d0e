// The sample API over HTTP: collections in pages behind opaque cursors, with the manners of a real one.
//   GET /contacts?limit=1000&cursor=…   →   {"data":[…],"next":"…" | null,"total":190000}
//   GET /_stats                         →   what it served, see stats.ts
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createMood, createRateLimit, type FaultKind } from './faults.js';
import { createCollections, type Collection } from './records.js';
import { createTally } from './stats.js';

export interface SampleApiOptions {
  /** Contacts and companies together. */
  readonly records: number;
  readonly seed: number;
  readonly faults: boolean;
  /** Requests a second that are let through; more are answered 429. */
  readonly rps: number;
  /** Requests must carry this bearer token; undefined: anyone may ask. */
  readonly token: string | undefined;
}

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;

export function createSampleApi({ records, seed, faults, rps, token }: SampleApiOptions): Server {
  const collections = createCollections(records, seed);
  const tally = createTally(collections);
  const letThrough = createRateLimit(rps);
  const mood = createMood(seed);

  const refuse = (response: ServerResponse, status: number, kind: string, headers = {}) => {
    tally.fault(kind);
    send(response, status, JSON.stringify({ error: kind }), headers);
  };

  const answer = (response: ServerResponse, { key, body }: PageText) => {
    const fault = faults ? mood(key) : null;
    if (fault === null) {
      response.on('finish', () => tally.served(key));
      return send(response, 200, body);
    }
    if (fault !== 'cut off') return refuse(response, Number(fault), fault, RETRY[fault]);
    tally.fault(fault);
    cutOff(response, body);
  };

  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/_stats') {
      return void tally.stats().then((stats) => send(response, 200, JSON.stringify(stats)));
    }
    tally.request();
    const allowed = token === undefined || request.headers.authorization === `Bearer ${token}`;
    if (!allowed) return refuse(response, 401, 'unauthorized');
    if (!letThrough()) return refuse(response, 429, 'rate limit', RETRY['429']);
    const page = toPage(collections, url);
    if (page === null) return send(response, 404, '{"error":"not found"}');
    answer(response, page);
  });
}

const RETRY: Readonly<Partial<Record<FaultKind, object>>> = { '429': { 'retry-after': '1' } };

function send(response: ServerResponse, status: number, body: string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

/** Half of what was announced. */
function cutOff(response: ServerResponse, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
}

interface PageText {
  /** Tells pages apart. */
  readonly key: string;
  readonly body: string;
}

function toPage(collections: readonly Collection[], { pathname, searchParams }: URL): PageText | null {
  const collection = collections.find(({ name }) => pathname === `/${name}`);
  const start = fromCursor(searchParams.get('cursor'));
  if (!collection || start === null) return null;
  const asked = Number.parseInt(searchParams.get('limit') ?? '', 10) || DEFAULT_LIMIT;
  const limit = Math.min(Math.max(asked, 1), MAX_LIMIT);
  const end = Math.min(start + limit, collection.count);
  const data = Array.from({ length: Math.max(0, end - start) }, (_, index) =>
    collection.record(start + index),
  );
  const next = end < collection.count ? `"${toCursor(end)}"` : 'null';
  const body = `{"data":[${data.join()}],"next":${next},"total":${collection.count}}`;
  return { key: `${collection.name} ${start} ${limit}`, body };
}

function toCursor(start: number): string {
  return Buffer.from(`after ${start}`).toString('base64url');
}

/** The first record of the page; null where the cursor is not one of ours. */
function fromCursor(cursor: string | null): number | null {
  if (cursor === null) return 0;
  const start = /^after (\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  return start === undefined ? null : Number(start);
}
