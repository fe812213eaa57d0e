// How a call of the API fails: its own problem document as an error, or that nobody answered as the API does.
import type { Problem } from '../api/contracts.js';
import type { ErrorCode } from '../core/errors.js';

/** What a request was refused for, a fault a field. */
export type Fault = NonNullable<Problem['errors']>[number];

interface Said {
  readonly status?: number;
  readonly hint?: string;
  readonly errors?: readonly Fault[];
  readonly cause?: unknown;
}

/** The only error that the client throws on purpose. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Of the answer; null: there was none. */
  readonly status: number | null;
  /** What to do about it. */
  readonly hint: string;
  readonly errors: readonly Fault[];

  constructor(
    /** As docs/errors.md lists them; `api_unreachable`: nothing answers there, or not as Longhaul's API does. */
    readonly code: ErrorCode | 'api_unreachable',
    message: string,
    { status, hint, errors, cause }: Said,
  ) {
    super(message, { cause });
    this.status = status ?? null;
    this.hint = hint ?? '';
    this.errors = errors ?? [];
  }

  /** Whether the API, or what it needs, was away, or was asked too often: another attempt may get through. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}

const PASSING = new Set<string>([
  'api_unreachable',
  'requests_exceeded',
  'temporal_unreachable',
  'worker_unavailable',
]);

/** Of an answer that is not 2xx. */
export function problemOf(url: string, status: number, body: string): ApiError {
  const said = parse(body);
  if (!said?.code) return notOurs(url, status);
  const { code, detail, title, hint, errors } = said;
  return new ApiError(code, detail ?? title ?? `the API answers ${status}`, {
    status,
    ...(hint !== undefined && { hint }),
    ...(errors && { errors }),
  });
}

function parse(body: string): Partial<Problem> | null {
  try {
    return JSON.parse(body) as Partial<Problem> | null;
  } catch {
    return null;
  }
}

export function notOurs(url: string, status: number): ApiError {
  return new ApiError('api_unreachable', `${url} answers ${status}, and not as Longhaul's API does`, {
    status,
    hint: 'Say another address.',
  });
}

export function unreachable(url: string, cause: unknown): ApiError {
  return new ApiError('api_unreachable', `the API at ${url} does not answer (${reason(cause)})`, {
    hint: 'Start the API, or say another address.',
    cause,
  });
}

/** `fetch failed` says nothing; its cause does. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const code = (error.cause as { code?: unknown }).code;
  return typeof code === 'string' ? code : reason(error.cause);
}
