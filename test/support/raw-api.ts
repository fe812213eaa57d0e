// A REST API whose pages are put together from raw texts, and whose answers a test can spoil page by page.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpConnection, HttpStream } from '../../src/config/http.js';

/** An answer in the place of a page. `cut`: the connection breaks after the body. */
export interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
  readonly cut?: boolean;
}

/** Makes the answer out of the good body. */
export type Spoil = (good: string, cursor: string) => Answer;

export interface Fault {
  /** How often it struck. */
  readonly struck: () => number;
  readonly cure: () => void;
}

export type RawApi = Awaited<ReturnType<typeof startRawApi>>;

interface Collection {
  readonly records: readonly string[];
  readonly pageSize: number;
}

interface ArmedFault {
  readonly stream: string;
  readonly page: number;
  readonly spoil: Spoil;
  left: number;
  struck: number;
}

export async function startRawApi() {
  const collections = new Map<string, Collection>();
  const faults: ArmedFault[] = [];
  const asked: { stream: string; page: number }[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    const { stream, page } = readRequest(request);
    if (stream === 'token') return send(response, { body: tokenBody(++tokens) });
    const collection = collections.get(stream);
    if (!collection) return send(response, { status: 404, body: '{}' });
    asked.push({ stream, page });
    const good = pageBody(collection, page);
    const fault = faults.find((each) => each.stream === stream && each.page === page && each.left > 0);
    if (!fault) return send(response, { body: good });
    fault.left -= 1;
    fault.struck += 1;
    return send(response, fault.spoil(good, cursorOf(page)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    /** Replaces what a stream holds. */
    serve: (stream: string, records: readonly string[], pageSize: number) =>
      void collections.set(stream, { records, pageSize }),
    /** Spoils a page (the first is 0), so often or until it is cured. */
    spoil: (stream: string, page: number, spoil: Spoil, times = Infinity): Fault => {
      const fault = { stream, page, spoil, left: times, struck: 0 };
      faults.push(fault);
      return { struck: () => fault.struck, cure: () => void (fault.left = 0) };
    },
    /** The pages of a stream that were asked for, in order. */
    asked: (stream: string): number[] =>
      asked.filter((each) => each.stream === stream).map(({ page }) => page),
    /** For `oauth2_client_credentials`; any credentials will do. */
    tokenUrl: `${url}/token`,
    /** How many tokens it has issued. */
    tokens: () => tokens,
    /** A connection with these streams; what they leave out is as this API has it. */
    connection: (streams: Readonly<Record<string, Partial<HttpStream>>>): HttpConnection => ({
      type: 'http',
      baseUrl: url,
      streams: Object.fromEntries(
        Object.entries(streams).map(([name, own]) => [name, { ...streamDefaults(name), ...own }]),
      ),
    }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function streamDefaults(name: string): HttpStream {
  const paginator = { type: 'cursor', cursor_path: 'next', cursor_param: 'cursor' } as const;
  return { path: `/${name}`, records: 'data', paginator };
}

function readRequest({ url }: IncomingMessage): { stream: string; page: number } {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://localhost');
  return { stream: pathname.slice(1), page: Number(searchParams.get('cursor')?.slice('page '.length) ?? 0) };
}

/** Opaque, and in need of escaping. */
function cursorOf(page: number): string {
  return `page ${page}`;
}

function pageBody({ records, pageSize }: Collection, page: number): string {
  const to = (page + 1) * pageSize;
  const next = to < records.length ? cursorOf(page + 1) : null;
  return `{"data": [${records.slice(page * pageSize, to).join(' , ')}],"next":${JSON.stringify(next)}}`;
}

function tokenBody(number: number): string {
  return JSON.stringify({ access_token: `token-${number}`, token_type: 'Bearer', expires_in: 3_600 });
}

function send(
  response: ServerResponse,
  { status = 200, type = 'application/json', body, cut }: Answer,
): void {
  const bytes = Buffer.from(body, 'utf8');
  const promised = cut ? bytes.length + 1 : bytes.length;
  response.writeHead(status, { 'content-type': type, 'content-length': promised });
  if (!cut) return void response.end(bytes);
  response.write(bytes, () => response.destroy());
}
