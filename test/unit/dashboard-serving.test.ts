// How the API serves the dashboard: its own files only, small, kept by the browser, and under a strict policy.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDashboard, loadDashboard } from '../../src/api/dashboard.js';

const PAGE = '<!doctype html><title>Longhaul</title>';
const SCRIPT = 'console.log("longhaul")';
const app = new OpenAPIHono();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-dashboard-'));
  await mkdir(join(folder, 'assets'));
  await write('index.html', PAGE);
  await write('assets/index-abc.js', SCRIPT);
  await writeFile(join(folder, 'notes.txt'), 'not for the browser');
  addDashboard(app, await loadDashboard(folder));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
  await writeFile(join(folder, `${name}.br`), brotliCompressSync(text));
  await writeFile(join(folder, `${name}.gz`), gzipSync(text));
}

const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });

test('the page is asked about each time, and an asset never again', async () => {
  const page = await get('/');
  expect(await page.text()).toBe(PAGE);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const asset = await get('/assets/index-abc.js');
  expect(await asset.text()).toBe(SCRIPT);
  expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(asset.headers.get('cache-control')).toContain('immutable');
});

test('what the browser has is not sent again', async () => {
  const etag = (await get('/')).headers.get('etag')!;
  const again = await get('/', { 'if-none-match': etag });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each([
  ['gzip, deflate, br', 'br', brotliDecompressSync],
  ['gzip', 'gzip', gunzipSync],
  ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
  ['', null, (body: Buffer) => body],
] as const)('Accept-Encoding %j is answered as %s', async (accepted, coding, decode) => {
  const answer = await get('/', { 'accept-encoding': accepted });
  expect([answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual([
    coding,
    'accept-encoding',
  ]);
  expect(decode(Buffer.from(await answer.arrayBuffer())).toString()).toBe(PAGE);
});

test('nothing comes from elsewhere, and no text becomes code', async () => {
  const policy = (await get('/')).headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test('a file that is no part of it is not served', async () => {
  const statuses = ['/notes.txt', '/index.html.br', '/assets/../../package.json'].map(
    async (path) => (await get(path)).status,
  );
  expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
});
