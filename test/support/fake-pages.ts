// The pages that test/support/fake-api.ts serves: which one a URL asks for, and the right answer to it.
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Exchange } from './fake-faults.js';

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
  /** Requests must carry this bearer token, or one that is given (fake-tokens.ts). */
  readonly token?: string;
  /** Where to listen. Default: a free port. */
  readonly port?: number;
}

const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

export interface Place {
  readonly stream: string;
  readonly start: number;
  readonly size: number;
}

export function findPlace({ records, maxPageSize = 1_000 }: FakeApiOptions, url: URL): Place | null {
  const stream = url.pathname.slice(1);
  if (!(stream in records)) return null;
  const size = Math.min(Number(url.searchParams.get('limit') ?? 100), maxPageSize);
  const cursor = url.searchParams.get('cursor');
  const page = Number(url.searchParams.get('page') ?? 1);
  const offset = Number(url.searchParams.get('offset') ?? (page - 1) * size);
  return { stream, size, start: cursor === null ? offset : Number(cursor.slice(1)) };
}

export function createExchange(
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
        next === 'null'
          ? {}
          : {
              link: `<${JSON.parse(next)}>; rel="next", <${url.origin}/>; rel="first"`,
              'x-next-cursor': JSON.parse(members.next) as string,
            };
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
