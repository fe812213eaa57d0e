// What is looked at before any route: who asks, how much is sent, and what an unknown path or method is told.
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { LonghaulError } from '../core/errors.js';
import { answer } from './problems.js';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);
/** A spec goes along with every step of its job, and no payload of a job's history may be larger than 64 KiB. */
const MAX_BODY_BYTES = 32_768;

/**
 * The API has no keys yet, so it serves this machine only. A page of a foreign site could still reach it through the
 * browser: by a host name that is made to resolve to 127.0.0.1 (DNS rebinding), or by a plain cross-site POST.
 */
export const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host');
  const origin = c.req.header('origin');
  if (!isLoopback(hostOf(host ? `http://${host}` : c.req.url))) return refuse(c, 'Host');
  if (origin !== undefined && !isLoopback(hostOf(origin))) return refuse(c, 'Origin');
  return next();
};

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
    new LonghaulError('host_refused', `The header ${header} names another machine than this one.`),
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
