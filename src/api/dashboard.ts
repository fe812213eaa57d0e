// Serves the built dashboard: one page at `/`, and its assets, whose names change with their content. All of it is small,
// so it is read once and kept, as it is and compressed.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';

export interface Asset {
  /** Where it is served: `/`, `/assets/index-….js`. */
  readonly path: string;
  readonly type: string;
  readonly etag: string;
  readonly bodies: Readonly<Record<Coding, Uint8Array<ArrayBuffer>>>;
}

/** As `Accept-Encoding` calls them, the smallest first. */
const CODINGS = ['br', 'gzip', 'identity'] as const;
type Coding = (typeof CODINGS)[number];

/** scripts/build-dashboard.mjs writes each file in these forms. */
const SUFFIX: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz', identity: '' };

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const BUILT = fileURLToPath(new URL('../../dashboard', import.meta.url));

/** Throws where the folder is not there: the build makes it. */
export async function loadDashboard(folder = BUILT): Promise<Asset[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) in TYPES);
  return Promise.all(files.map(({ parentPath, name }) => load(folder, join(parentPath, name))));
}

async function load(folder: string, file: string): Promise<Asset> {
  const read = (coding: Coding) => readFile(`${file}${SUFFIX[coding]}`);
  const [br, gzip, identity] = await Promise.all([read('br'), read('gzip'), read('identity')]);
  const name = relative(folder, file).split(sep).join('/');
  return {
    path: name === 'index.html' ? '/' : `/${name}`,
    type: TYPES[extname(file)] ?? '',
    etag: createHash('sha256').update(identity).digest('base64url'),
    bodies: { br, gzip, identity },
  };
}

/** Nothing from elsewhere, nothing inline, no frame around it, no text that becomes code. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function addDashboard(app: OpenAPIHono, assets: readonly Asset[]): void {
  for (const asset of assets) app.get(asset.path, (c) => send(c, asset));
}

function send(c: Context, { path, type, etag, bodies }: Asset): Response {
  const coding = codingFor(c.req.header('accept-encoding') ?? '');
  const tag = `"${etag}-${coding}"`;
  const headers = {
    ...HEADERS,
    'content-type': type,
    // The page is asked about each time; what it leads to never changes under its name.
    'cache-control': path === '/' ? 'no-cache' : 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    etag: tag,
    ...(coding !== 'identity' && { 'content-encoding': coding }),
  };
  if (c.req.header('if-none-match')?.includes(tag)) return c.body(null, 304, headers);
  return c.body(bodies[coding], 200, headers);
}

function codingFor(accepted: string): Coding {
  const named = accepted.split(',').flatMap((entry) => {
    const [name = '', q] = entry.split(';').map((part) => part.trim());
    return q === undefined || Number(q.replace('q=', '')) > 0 ? [name] : [];
  });
  const takes = new Set(named);
  return CODINGS.find((coding) => takes.has(coding)) ?? 'identity';
}
