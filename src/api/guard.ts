// What is looked at before any route: who asks, how much is sent, and what an unknown path or method is told.
import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { LonghaulError } from '../core/errors.js';
import type { KeyConfig } from '../config/keys.js';
import { answer } from './problems.js';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);
/** A spec goes along with every step of its job, and no payload of a job's history may be larger than 64 KiB. */
const MAX_BODY_BYTES = 32_768;

/** As the access to the API has them. */
interface GateOptions {
  readonly keys: readonly KeyConfig[];
  readonly hosts: readonly string[];
}

/**
 * A page of a foreign site could reach the API through a browser that can: by a host name that is made to resolve to its
 * address (DNS rebinding), or by a plain cross-site POST. So the name must be one of ours, and so must the page's. Without
 * keys only this machine is served, whatever runs on it.
 */
export function createGate({ keys, hosts }: GateOptions): MiddlewareHandler {
  const hasKeys = keys.length > 0;
  const isOurs = (host: string) => isLoopback(host) || (hasKeys && (isAddress(host) || hosts.includes(host)));
  return async (c, next) => {
    if (!isOurs(hostOf(ownUrl(c)))) return refuse(c, 'Host');
    const origin = c.req.header('origin');
    const isHome = origin === undefined || (hasKeys ? isOwnOrigin(c) : isLoopback(hostOf(origin)));
    return isHome ? next() : refuse(c, 'Origin');
  };
}

/** Whether the request comes from a page of this very API, port and all: cookies know no ports. */
export function isOwnOrigin(c: Context): boolean {
  const origin = c.req.header('origin') ?? '';
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // The scheme is the page's, so that a port which it implies is left out on both sides.
  return /^https?:$/.test(protocol) && host === new URL(`${protocol}//${hostHeader(c)}`).host;
}

/** Whether the browser speaks https, here or with the proxy before us. */
export function isSecure(c: Context): boolean {
  const proto = c.req.header('x-forwarded-proto') ?? new URL(c.req.url).protocol;
  return /^https\b/i.test(proto);
}

/** Whether a request only reads. */
export function isSafe({ req: { method } }: Context): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Of whoever is connected, which may be a proxy; without a socket: `unknown`. */
export function addressOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress ?? 'unknown';
}

function ownUrl(c: Context): string {
  return `http://${hostHeader(c)}`;
}

function hostHeader(c: Context): string {
  return c.req.header('host') ?? new URL(c.req.url).host;
}

/** Nobody can make an address lead elsewhere. A URL writes one of IPv6 in brackets. */
function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** Whether a host name can only mean this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function refuse(c: Context, header: string): Response {
  return answer(
    c,
    new LonghaulError('host_refused', `The header ${header} is not of a name that the API serves.`),
  );
}

export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) =>
    answer(c, new LonghaulError('request_invalid', `The body is larger than ${MAX_BODY_BYTES} bytes.`), {
      status: 413,
    }),
});

/** A route as the OpenAPI document writes it: `/v1/jobs/{id}`. */
export interface RouteName {
  readonly method: string;
  readonly path: string;
}

/** 405 with the methods that the path has; 404 where there is no such path. */
export function createNotFound(routes: readonly RouteName[]): (c: Context) => Response {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: patternOf(path),
  }));
  return (c) => {
    const methods = known.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    if (methods.length === 0) {
      return answer(c, new LonghaulError('route_unknown', `There is nothing at ${c.req.path}.`));
    }
    const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])].join(', ');
    const error = new LonghaulError('method_not_allowed', `${c.req.path} answers ${allow} only.`);
    return answer(c, error, { headers: { allow } });
  };
}

/** `{path}` is of a file and takes slashes. */
function patternOf(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.').replaceAll('{path}', '.+');
  return new RegExp(`^${escaped.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
