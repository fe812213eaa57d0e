// Sends the requests of a connection: each waits its turn and shows its credential. A GET follows redirects that stay at home.
import type { HttpConnection } from '../../config/http.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { createAllowance } from './allowance.js';
import type { Credential } from './auth/credential.js';
import { createCredentials } from './auth/credentials.js';
import { now } from './clock.js';
import { describeRequest, statusFault } from './faults.js';
import { DEFAULT_HEADERS, header, mergeHeaders } from './headers.js';
import { createLimiter, throwIfStopped, waitForLimit } from './limiter.js';
import { createTransport, isSuccess, type Request, type Response } from './transport.js';

export interface Get {
  readonly stream: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Write {
  /** Names it in errors: a URL can hold values of a record. */
  readonly what: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * A 401 is tried once more with a renewed credential; nothing else is tried twice.
 * Both throw `Stopped` before a request that the context no longer wants.
 */
export interface Client {
  /** The 2xx answer. */
  get(ctx: Context, get: Get): Promise<Response>;
  /** The answer, whatever its status. No redirect is followed. */
  write(ctx: Context, write: Write): Promise<Response>;
}

const MAX_REDIRECTS = 5;

/** Throws `config_invalid`. */
export function createClient(connection: string, config: HttpConnection, baseUrl: URL): Client {
  const transport = createTransport(config);
  const credentials = createCredentials(connection, config, baseUrl, transport);
  const limited = createLimiter(config.limits ?? {});
  const allowance = createAllowance({ now, wait: waitForLimit });

  const send = (ctx: Context, what: string, request: Unsigned, credential: Credential) =>
    limited(ctx, async () => {
      await allowance.ready(ctx, what);
      ctx.meter.request();
      const url = withParams(request.url, credential.params);
      const headers = mergeHeaders(DEFAULT_HEADERS, config.headers, request.headers, credential.headers);
      const answer = await transport(what, { ...request, url, headers }, ctx.signal);
      allowance.heard(answer.headers);
      return answer;
    });

  const follow = async (ctx: Context, get: Get, credential: Credential) => {
    let at = get;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const { url, headers } = at;
      const answer = await send(ctx, describe(at), { method: 'GET', url, headers }, credential);
      const target = redirect(at, answer);
      if (!target) return answer;
      at = { ...at, url: target };
    }
    throw new LonghaulError('source_refused', `${describe(get)} redirects more than ${MAX_REDIRECTS} times.`);
  };

  const ask = async (ctx: Context, request: (credential: Credential) => Promise<Response>) => {
    throwIfStopped(ctx);
    const credential = await credentials.current(ctx.signal);
    const answer = await request(credential);
    if (answer.status === 401) credentials.refused(credential);
    return answer;
  };

  const signed = async (
    ctx: Context,
    what: string,
    request: (credential: Credential) => Promise<Response>,
  ): Promise<Response> => {
    const answer = await ask(ctx, request);
    if (answer.status !== 401) return answer;
    ctx.meter.retry(statusFault(what, answer));
    return ask(ctx, request);
  };

  return {
    async get(ctx, get) {
      const answer = await signed(ctx, describe(get), (credential) => follow(ctx, get, credential));
      if (!isSuccess(answer.status)) throw statusFault(describe(get), answer);
      return answer;
    },
    write: (ctx, { what, ...request }) =>
      signed(ctx, what, (credential) => send(ctx, what, request, credential)),
  };
}

/** A request without its credential. */
type Unsigned = Omit<Request, 'headers'> & Pick<Get, 'headers'>;

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
