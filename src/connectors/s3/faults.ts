// What an S3 server or the way to it says, as errors that tell the operator what to do. The only place that knows its codes.
import { LonghaulError, type ErrorCode } from '../../core/errors.js';
import { now } from '../http/clock.js';

/** What is kept of the SDK's error, whose own fields hold the request with its signature. */
interface Cause {
  readonly name: string;
  readonly status: number | undefined;
}

interface Row {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const UNAUTHORIZED: Row = {
  code: 'unauthorized',
  hint: 'Renew `credentials` of the connection (or what the SDK finds in the environment), restart the worker, then retry the job.',
};
const FORBIDDEN: Row = {
  code: 'permission_denied',
  hint: 'Give the credential the rights that docs/connections.md lists for s3, on this bucket and prefix.',
};
const MISPLACED: Row = {
  code: 'config_invalid',
  hint: 'Set `region` of the connection to that of the bucket, and `endpoint` to its server.',
};
const THROTTLED: Row = { code: 'source_throttled' };
const UNAVAILABLE: Row = {
  code: 'source_unavailable',
  hint: 'The S3 server answers with errors. Retry the job when it works again; finished work is kept.',
};
const UNREACHABLE: Row = {
  code: 'source_unreachable',
  hint: 'Check endpoint, DNS, TLS and firewall of the connection: `longhaul connections check NAME`.',
};
const TIMEOUT: Row = {
  code: 'source_timeout',
  hint: 'The S3 server answers too slowly: check the network, or set a longer `timeoutSeconds`.',
};
const CHANGED: Row = {
  code: 'response_invalid',
  hint: 'Data was changed or cut short on its way: check the network and proxies in between.',
};
const MISSING: Row = { code: 'object_missing' };
const FULL: Row = {
  code: 'disk_full',
  hint: 'Free space or raise the quota of the bucket, then retry the job.',
};
const REFUSED: Row = {
  code: 'source_refused',
  hint: 'The S3 server refuses the request as it is: check encryption, storageClass and tags of the connection.',
};

const BY_NAME: Readonly<Record<string, Row>> = {
  NoSuchBucket: { code: 'bucket_missing' },
  NoSuchKey: MISSING,
  NotFound: MISSING,
  NoSuchVersion: MISSING,
  NoSuchUpload: MISSING,
  InvalidAccessKeyId: UNAUTHORIZED,
  InvalidAccessKey: UNAUTHORIZED,
  SignatureDoesNotMatch: UNAUTHORIZED,
  ExpiredToken: UNAUTHORIZED,
  InvalidToken: UNAUTHORIZED,
  TokenRefreshRequired: UNAUTHORIZED,
  CredentialsProviderError: UNAUTHORIZED,
  RequestTimeTooSkewed: { code: 'clock_skewed' },
  PermanentRedirect: MISPLACED,
  AuthorizationHeaderMalformed: MISPLACED,
  ERR_INVALID_URL: MISPLACED,
  SlowDown: THROTTLED,
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  TooManyRequests: THROTTLED,
  TooManyRequestsException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  BandwidthLimitExceeded: THROTTLED,
  RequestTimeout: TIMEOUT,
  TimeoutError: TIMEOUT,
  ETIMEDOUT: TIMEOUT,
  InternalError: UNAVAILABLE,
  ServiceUnavailable: UNAVAILABLE,
  ConditionalRequestConflict: UNAVAILABLE,
  OperationAborted: UNAVAILABLE,
  BadDigest: CHANGED,
  IncompleteBody: CHANGED,
  XAmzContentSHA256Mismatch: CHANGED,
  XAmzContentChecksumMismatch: CHANGED,
  QuotaExceeded: FULL,
  XMinioStorageFull: FULL,
  NotImplemented: { code: 'connection_unsuitable', hint: 'Use a server that has this part of the S3 API.' },
};

const BY_STATUS: Readonly<Record<number, Row>> = {
  301: MISPLACED,
  307: MISPLACED,
  401: UNAUTHORIZED,
  403: FORBIDDEN,
  404: MISSING,
  408: TIMEOUT,
  // Something else was done to the object or its folder at the same time.
  409: UNAVAILABLE,
  429: THROTTLED,
  507: FULL,
};

/** Before the engine asks a throttled server again. */
const THROTTLE_MS = 5_000;
const MESSAGE_CHARACTERS = 300;

/** What the SDK threw instead of an answer; `what` finishes the sentence "Cannot …". */
export function requestFault(what: string, bucket: string, error: unknown): LonghaulError {
  const cause = causeOf(error);
  const { code, hint } = BY_NAME[cause.name] ?? rowOfStatus(cause.status) ?? rowOfThrown(error);
  const said = code === 'permission_denied' || code === 'source_refused' ? wordsOf(error) : '';
  return new LonghaulError(code, `Cannot ${what} in bucket ${bucket}: ${told(cause)}.${said}`, {
    cause,
    ...(hint !== undefined && { hint }),
    ...(code === 'source_throttled' && { until: now() + THROTTLE_MS }),
  });
}

/** What a request for many objects says of one of them. */
export function refusedFault(
  what: string,
  bucket: string,
  { Code = 'InternalError', Message = '' }: { readonly Code?: string; readonly Message?: string },
): LonghaulError {
  const status = Code === 'AccessDenied' ? 403 : 500;
  return requestFault(what, bucket, { name: Code, message: Message, $metadata: { httpStatusCode: status } });
}

/** What was thrown while the body of an answer was read: it broke off, stalled, or does not match its checksum. */
export function bodyFault(what: string, bucket: string, error: unknown): LonghaulError {
  if (error instanceof LonghaulError) return error;
  const cause = causeOf(error);
  const row = BY_NAME[cause.name] ?? (cause.name === 'ECONNRESET' ? UNREACHABLE : CHANGED);
  return new LonghaulError(row.code, `Cannot ${what} in bucket ${bucket}: the answer broke off.`, {
    cause,
    ...(row.hint !== undefined && { hint: row.hint }),
  });
}

/** Whether an error of this connector goes back to what S3 calls so: `PreconditionFailed`, `NoSuchUpload`. */
export function isCalled(error: unknown, name: string): boolean {
  return error instanceof LonghaulError && (error.cause as Partial<Cause> | undefined)?.name === name;
}

/** What a server says that does not do this, or does not allow it: another way may do. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'connection_unsuitable',
  'permission_denied',
  'source_refused',
]);

export function isRefusal(error: unknown): boolean {
  const isRefused = error instanceof LonghaulError && REFUSALS.has(error.code);
  return isRefused && !isCalled(error, 'PreconditionFailed');
}

function rowOfStatus(status: number | undefined): Row | undefined {
  if (status === undefined || status < 300) return undefined;
  return BY_STATUS[status] ?? (status >= 500 ? UNAVAILABLE : REFUSED);
}

/** No answer: the network's errors have a code; the SDK's own, on a setting that is missing or malformed, have none. */
function rowOfThrown(error: unknown): Row {
  const isNetwork = typeof (error as { code?: unknown }).code === 'string';
  return isNetwork || (error as { $metadata?: unknown }).$metadata ? UNREACHABLE : MISPLACED;
}

function causeOf(error: unknown): Cause {
  const { code, name, $metadata } = error as {
    code?: unknown;
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: typeof code === 'string' ? code : (name ?? 'unknown error'),
    status: $metadata?.httpStatusCode,
  };
}

function told({ name, status }: Cause): string {
  return status === undefined ? name : `${name} (${status})`;
}

/** The server's own sentence: it names the right that is missing, or the field that it refuses. */
function wordsOf(error: unknown): string {
  const { message = '' } = error as { readonly message?: string };
  return message === '' || message === 'UnknownError' ? '' : ` ${message.slice(0, MESSAGE_CHARACTERS)}`;
}
