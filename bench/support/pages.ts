// An API in a process of its own that has its pages ready, so that whoever reads it is measured and not the API.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { HttpConnection, HttpPaginator } from '../../src/config/http.js';

export const PAGE = 1_000;
/** Of the API's slow answers. */
export const LATENCY_MS = 20;

export interface Pages {
  readonly url: string;
  /** Of a page: `stream` is `fast` or `slow`. */
  page(stream: string, offset: number): string;
  /** When it was first asked and when it last had answered since this was called before; epoch ms. */
  times(): Promise<{ first: number; last: number }>;
  stop(): Promise<void>;
}

export async function startPages(total: number): Promise<Pages> {
  const child: ChildProcess = fork(fileURLToPath(new URL('pages-server.js', import.meta.url)), [
    String(total),
  ]);
  const [port] = (await once(child, 'message')) as [number];
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    page: (stream, offset) => `${url}/${stream}?limit=${PAGE}&offset=${offset}`,
    times: async () => (await (await request(`${url}/times`)).body.json()) as { first: number; last: number },
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** Two ways to page through the same records: one cursor after another, or several ranges at once. */
export function connectionsTo(baseUrl: string): Record<string, HttpConnection> {
  const cursor = {
    type: 'cursor',
    cursor_path: 'next',
    cursor_param: 'cursor',
    total_path: 'total',
  } as const;
  return {
    cursor: connection(baseUrl, cursor),
    offset: connection(baseUrl, { type: 'offset', total_path: 'total' }),
  };
}

function connection(baseUrl: string, paginator: HttpPaginator): HttpConnection {
  const stream = (path: string) => ({
    path,
    key: ['id'],
    records: 'data',
    paginator,
    pageSize: { param: 'limit', size: PAGE },
  });
  const names = ['fast', 'slow', 'empty', 'tenth'];
  const streams = Object.fromEntries(names.map((name) => [name, stream(`/${name}`)]));
  return { type: 'http', baseUrl, auth: { type: 'none' }, streams };
}
