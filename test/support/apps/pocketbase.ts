// PocketBase, built from its own module: numbered pages, silently clamped at 1,000 records, behind a bearer token.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HttpConnection } from '../../../src/config/http.js';
import { end, outputOf, start } from '../processes.js';
import { until } from '../until.js';
import { command, installed, INSTALL_TIMEOUT_MS, missingTool } from './cache.js';

const VERSION = 'v0.39.0';
const COLLECTION = 'notes';
const NOTES = 5_200;
const BATCH = 2_600;
const OPERATOR = { identity: 'operator@example.com', password: 'not-a-secret' };

export const pocketbaseMissing = (): Promise<string | null> => missingTool('go', ['version']);

export type PocketBase = Awaited<ReturnType<typeof startPocketBase>>;

/** Builds (once), starts, and fills a collection. */
export async function startPocketBase() {
  const binary = path.join(await installed(`pocketbase-${VERSION}`, build), 'base');
  const folder = await mkdtemp(path.join(tmpdir(), 'pocketbase-'));
  const own = ['--dir', path.join(folder, 'data'), '--dev=false'];
  await command(binary, ['superuser', 'upsert', OPERATOR.identity, OPERATOR.password, ...own]);
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = start(binary, ['serve', '--http', new URL(url).host, ...own], { cwd: folder });
  await outputOf(
    server,
    'PocketBase serves',
    () => (server.stdout() + server.stderr()).includes(url) || undefined,
  );
  const token = await signIn(url);
  await fill(url, token);
  return {
    url,
    connection: connectionTo(url, token),
    total: () => total(url, token),
    records: () => records(url, token),
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function build(folder: string): Promise<void> {
  const module = `github.com/pocketbase/pocketbase/examples/base@${VERSION}`;
  const go = start('go', ['install', '-v', module], { env: { ...process.env, GOBIN: folder } });
  const built = (): number => go.stderr().split('\n').length - 1;
  const progress = setInterval(() => console.info(`PocketBase: ${built()} packages so far`), 15_000);
  await until('go install ends', () => go.ended() !== undefined, { timeoutMs: INSTALL_TIMEOUT_MS });
  clearInterval(progress);
  if (go.ended() !== 0) throw new Error(`go install failed: ${go.stderr().slice(-2_000)}`);
}

async function signIn(url: string): Promise<string> {
  const at = '/api/collections/_superusers/auth-with-password';
  return (await call<{ token: string }>(url, 'POST', at, OPERATOR)).token;
}

/** Ids are given in an order of their own, so that order of insertion is not order of key. */
async function fill(url: string, token: string): Promise<void> {
  const batch = { enabled: true, maxRequests: BATCH, timeout: 60, maxBodySize: 64 * 1024 * 1024 };
  await call(url, 'PATCH', '/api/settings', { batch }, token);
  await call(url, 'POST', '/api/collections', { name: COLLECTION, type: 'base', fields: FIELDS }, token);
  for (let from = 0; from < NOTES; from += BATCH) {
    const requests = Array.from({ length: BATCH }, (_, index) => creation(from + index));
    await call(url, 'POST', '/api/batch', { requests }, token);
  }
}

const FIELDS = [
  { name: 'title', type: 'text' },
  { name: 'amount', type: 'number' },
  { name: 'extra', type: 'json' },
  { name: 'created', type: 'autodate', onCreate: true },
];

function creation(index: number): object {
  const id = String((index * 7_919) % 99_991).padStart(15, '0');
  const body = { id, title: `Notiz ${index} “x” 😀`, amount: index / 4, extra: { index, tags: ['a', null] } };
  return { method: 'POST', url: `/api/collections/${COLLECTION}/records`, body };
}

/**
 * The collection, asked for pages larger than it gives: `notes` by the total it tells, `notes_untold` until a page is
 * empty; `none` finds nothing.
 */
function connectionTo(url: string, token: string): HttpConnection {
  const numbered = { type: 'page_number', page_param: 'page', first: 1 } as const;
  const stream = {
    path: `/api/collections/${COLLECTION}/records`,
    key: ['id'],
    records: 'items',
    params: { sort: 'id' },
    pageSize: { param: 'perPage', size: 5_000 },
  };
  const streams = {
    notes: { ...stream, paginator: { ...numbered, total_path: 'totalItems' } },
    notes_untold: { ...stream, paginator: numbered },
    none: { ...stream, params: { sort: 'id', filter: 'amount < 0' }, paginator: numbered },
  };
  return { type: 'http', baseUrl: url, auth: { type: 'bearer', token }, streams };
}

interface Listing {
  readonly totalItems: number;
  readonly totalPages: number;
  readonly items: readonly Note[];
}

interface Note {
  readonly id: string;
  readonly [field: string]: unknown;
}

async function total(url: string, token: string): Promise<number> {
  return (await list(url, token, 'perPage=1')).totalItems;
}

/** All records in order of id, asked in pages too small for the clamp to hide any. */
async function records(url: string, token: string): Promise<Note[]> {
  const found: Note[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const { items, totalPages } = await list(url, token, `perPage=400&page=${page}&sort=id`);
    found.push(...items);
    pages = totalPages;
  }
  return found;
}

async function list(url: string, token: string, query: string): Promise<Listing> {
  return call<Listing>(url, 'GET', `/api/collections/${COLLECTION}/records?${query}`, undefined, token);
}

async function call<T>(url: string, method: string, at: string, body?: object, token?: string): Promise<T> {
  const headers = {
    'content-type': 'application/json',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const response = await fetch(`${url}${at}`, { method, headers, body: body ? JSON.stringify(body) : null });
  const text = await response.text();
  if (!response.ok) throw new Error(`PocketBase: ${method} ${at}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
