// Gets a page of a stream over HTTP: waits its turn, shows its credential, follows redirects that stay at home.
import type { HttpConnection } from '../../config/http.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { createCredentials, type Credential } from './credentials.js';
import { describeRequest, statusFault } from './faults.js';
import { header, mergeHeaders } from './headers.js';
import { createLimiter, throwIfStopped } from './limiter.js';
import { createTransport, isSuccess, type Response } from './transport.js';

export interface Get {
  readonly stream: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The 2xx answer to a GET. A 401 is tried once more with a renewed credential; nothing else is tried twice.
 * Throws `Stopped` before a request that the context no longer wants.
 */
export type Client = (ctx: Context, get: Get) => Promise<Response>;

const MAX_REDIRECTS = 5;

export function createClient(config: HttpConnection, baseUrl: URL): Client {
  const transport = createTransport(config);
  const credentials = createCredentials(config.auth ?? { type: 'none' }, baseUrl, transport);
  const limited = createLimiter(config.limits ?? {});

  const send = (ctx: Context, get: Get, credential: Credential) =>
    limited(ctx, () => {
      ctx.meter.request();
      const url = withParams(get.url, credential.params);
      const headers = mergeHeaders(DEFAULT_HEADERS, config.headers, get.headers, credential.headers);
      return transport(describe(get), { method: 'GET', url, headers }, ctx.signal);
    });

  const follow = async (ctx: Context, get: Get, credential: Credential) => {
    let at = get;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await send(ctx, at, credential);
      const target = redirect(at, answer);
      if (!target) return answer;
      at = { ...at, url: target };
    }
    throw new LonghaulError('source_refused', `${describe(get)} redirects more than ${MAX_REDIRECTS} times.`);
  };

  const ask = async (ctx: Context, get: Get): Promise<Response> => {
    throwIfStopped(ctx);
    const credential = await credentials.current(ctx.signal);
    const answer = await follow(ctx, get, credential);
    if (answer.status === 401) credentials.refused(credential);
    return answer;
  };

  return async (ctx, get) => {
    let answer = await ask(ctx, get);
    if (answer.status === 401) {
      ctx.meter.retry(statusFault(describe(get), answer));
      answer = await ask(ctx, get);
    }
    if (!isSuccess(answer.status)) throw statusFault(describe(get), answer);
    return answer;
  };
}

const DEFAULT_HEADERS = { accept: 'application/json', 'user-agent': 'longhaul' };

function describe({ stream, url }: Get): string {
  return describeRequest(stream, 'GET', url);
}

function withParams(url: URL, params: Readonly<Record<string, string>>): URL {
  const full = new URL(url);
  for (const [name, value] of Object.entries(params)) full.searchParams.set(name, value);
  return full;
}

/** Where an answer sends its reader on to, if it does. Credentials go to their own origin only. */
function redirect(get: Get, { status, headers }: Response): URL | null {
  const location = header(headers, 'location');
  if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, get.url.href))
    return null;
  const target = new URL(location, get.url);
  if (target.origin === get.url.origin) return target;
  throw new LonghaulError(
    'source_refused',
    `${describe(get)} redirects to another origin, ${target.origin}.`,
    {
      hint: 'If that is where the API lives, set it as `baseUrl` of the connection.',
    },
  );
}
