// What went wrong with a request, named. Messages hold stream, method, path, status and content type; never a query,
// a credential or a body.
import { LonghaulError, type ErrorCode } from '../../core/errors.js';
import { now } from './clock.js';
import { contentType, type Headers } from './headers.js';
import { closedUntil, comeBackAt, retryAfter } from './retry-after.js';

/** Who asks for what: `contacts: GET /v1/contacts`. */
export function describeRequest(stream: string, method: string, url: URL): string {
  return `${stream}: ${method} ${url.pathname}`;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

/** An answer whose status is not 2xx. */
export function statusFault(what: string, { status, headers }: Answer): LonghaulError {
  const message = `${what} answered ${status} (${contentType(headers)}).`;
  const until = throttledUntil(status, headers, now());
  if (until !== undefined) return new LonghaulError('source_throttled', message, { until });
  return new LonghaulError(statusCode(status), message);
}

/** GitHub, for one, answers 403 where others answer 429. */
function throttledUntil(status: number, headers: Headers, time: number): number | undefined {
  if (status === 429) return comeBackAt(headers, time);
  if (status === 503) return retryAfter(headers, time);
  return status === 403 ? (retryAfter(headers, time) ?? closedUntil(headers, time)) : undefined;
}

/** Where records are written, the same codes need other remedies. */
const WRITE_HINTS: Partial<Record<ErrorCode, string>> = {
  source_forbidden: 'Give the credential permission to write this stream.',
  source_not_found: 'Check `baseUrl` of the connection and the path in `write` of the stream.',
  source_refused: 'The API refuses the request as it is: check method and path in `write` of the stream.',
};

/** As `statusFault`, of a request that writes. */
export function writeFault(what: string, answer: Answer): LonghaulError {
  const { code, message, hint, until } = statusFault(what, answer);
  return new LonghaulError(code, message, {
    hint: WRITE_HINTS[code] ?? hint,
    ...(until !== undefined && { until }),
  });
}

const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'source_forbidden',
  404: 'source_not_found',
  408: 'source_timeout',
};

function statusCode(status: number): ErrorCode {
  return STATUS_CODES[status] ?? (status >= 500 ? 'source_unavailable' : 'source_refused');
}

/** What undici threw before an answer began. */
export function connectFault(what: string, error: unknown): LonghaulError {
  if (isTimeout(error)) return timeoutFault(what, error);
  if (errorCode(error) === 'UND_ERR_INVALID_ARG') return headerFault(what);
  const message = `${what} could not be sent or got no answer (${errorCode(error)}).`;
  return new LonghaulError('source_unreachable', message, { cause: error });
}

/** A line end in a header value, mostly: a token read from a file. The error's own text could show the value. */
function headerFault(what: string): LonghaulError {
  const message = `${what} cannot be sent as configured.`;
  const hint = 'Check headers and credentials of the connection for line ends and control characters.';
  return new LonghaulError('config_invalid', message, { hint });
}

/** What was thrown while the body of an answer was read. */
export function bodyFault(what: string, error: unknown): LonghaulError {
  if (error instanceof LonghaulError) return error;
  if (isTimeout(error)) return timeoutFault(what, error);
  const reset = errorCode(error) === 'ECONNRESET';
  const message = `${what}: the answer broke off (${errorCode(error)}).`;
  return new LonghaulError(reset ? 'source_unreachable' : 'response_invalid', message, { cause: error });
}

function timeoutFault(what: string, error: unknown): LonghaulError {
  const message = `${what} was not answered in time (${errorCode(error)}).`;
  return new LonghaulError('source_timeout', message, { cause: error });
}

const TIMEOUTS = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

function isTimeout(error: unknown): boolean {
  return TIMEOUTS.has(errorCode(error));
}

function errorCode(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? 'unknown error';
}
