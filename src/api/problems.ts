// Every error leaves the API as one problem document (RFC 9457), with a stable code and never a stack trace.
import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  ScheduleNotFoundError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LonghaulError, type ErrorCode } from '../core/errors.js';
import type { Fault } from '../core/faults.js';
import type { Problem } from './contracts.js';

/** Faults of a request, each at its path. Their common code, or `spec_invalid` where they differ. */
export class RequestFaults extends LonghaulError {
  constructor(
    code: ErrorCode,
    readonly faults: readonly Fault[],
  ) {
    const first = faults[0];
    const where = first?.path.join('.');
    const rest = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
    super(code, `${where ? `${where}: ` : ''}${first?.message ?? 'the request is not valid'}${rest}`);
  }
}

/** What the path of a request names is not there, whatever the code says of what jobs name. */
export class NothingThere extends LonghaulError {}

/** An error whose answer has headers of its own. */
export class Refusal extends LonghaulError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {
    super(code, message);
  }
}

/** The HTTP status of a code where the thrower says none. 502: what a store holds; 503: that it cannot be read, or Temporal. */
const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  request_invalid: 400,
  access_key_missing: 401,
  access_key_unknown: 401,
  host_refused: 403,
  role_insufficient: 403,
  job_unknown: 404,
  connection_unknown: 404,
  schedule_unknown: 404,
  file_unknown: 404,
  archive_missing: 404,
  route_unknown: 404,
  method_not_allowed: 405,
  job_state_conflict: 409,
  archive_needed: 409,
  idempotency_conflict: 409,
  schedule_exists: 409,
  schedule_busy: 409,
  range_unsatisfiable: 416,
  access_keys_exceeded: 429,
  requests_exceeded: 429,
  object_missing: 502,
  archive_damaged: 502,
  archive_unsupported: 502,
  chain_broken: 502,
  config_invalid: 503,
  connection_unsuitable: 503,
  source_unreachable: 503,
  source_timeout: 503,
  source_unavailable: 503,
  source_throttled: 503,
  source_forbidden: 503,
  source_not_found: 503,
  source_refused: 503,
  unauthorized: 503,
  sink_unwritable: 503,
  temporal_unreachable: 503,
  temporal_unprepared: 503,
  worker_unavailable: 503,
};

/** Where the code of an answered problem is found in the context, for the log. */
export const CODE = 'code';

export interface ProblemExtras {
  readonly status?: ContentfulStatusCode;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answer(c: Context, error: LonghaulError, extras: ProblemExtras = {}): Response {
  const faults = error instanceof RequestFaults ? error.faults : null;
  const status = extras.status ?? statusOf(error);
  const body: Problem = {
    type: `urn:longhaul:error:${error.code}`,
    title: titleOf(error.code),
    status,
    detail: error.message,
    instance: c.req.path,
    code: error.code,
    hint: error.hint,
    ...(faults && { errors: faults.map(({ path, message }) => ({ path: path.join('.'), message })) }),
  };
  c.set(CODE, error.code);
  return c.body(JSON.stringify(body), status, {
    'content-type': 'application/problem+json',
    ...(error instanceof Refusal && error.headers),
    ...extras.headers,
  });
}

/** A request that reads well and cannot be done is a 422, whatever the code says of other places. */
function statusOf(error: LonghaulError): ContentfulStatusCode {
  if (error instanceof NothingThere) return 404;
  const unusable = error instanceof RequestFaults && error.code !== 'request_invalid';
  return unusable ? 422 : (STATUS[error.code] ?? 500);
}

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export type LogError = (error: unknown, request: string) => void;

/** Answers whatever a handler threw. What nobody named is logged and answered without its message. */
export function createErrorHandler(log: LogError): (thrown: Error, c: Context) => Response {
  return (thrown, c) => {
    if (thrown instanceof HTTPException) {
      return answer(c, new LonghaulError('request_invalid', thrown.message), {
        status: thrown.status,
      });
    }
    const error = named(thrown);
    if (error) return answer(c, error);
    if (isGone(thrown, c)) return answer(c, new LonghaulError('request_invalid', 'The request broke off.'));
    log(thrown, `${c.req.method} ${c.req.path}`);
    return answer(c, new LonghaulError('internal', 'The API failed on this request; its log says why.'));
  };
}

/** Whether the sender went away before all was there, as Node says it: no fault of ours, and nobody reads the answer. */
function isGone(thrown: Error, c: Context): boolean {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return c.req.raw.signal.aborted || (code === 'ECONNRESET' && message === 'aborted');
}

/** gRPC's numbers for: the call did not get through, or was not let through. */
const UNREACHABLE = new Map([
  [1, 'the call was broken off'],
  [4, 'it does not answer in time'],
  [7, 'it denies permission'],
  [8, 'it is overloaded'],
  [14, 'it does not answer'],
  [16, 'it refuses the credentials'],
]);
const INVALID_ARGUMENT = 3;

/** The named error that an error of Temporal's client stands for; null: a fault of ours. */
export function named(thrown: unknown): LonghaulError | null {
  if (thrown instanceof LonghaulError) return thrown;
  if (thrown instanceof WorkflowNotFoundError) {
    return new LonghaulError('job_unknown', 'There is no such job.', { cause: thrown });
  }
  if (thrown instanceof ScheduleNotFoundError) {
    return new LonghaulError('schedule_unknown', 'There is no such schedule.', { cause: thrown });
  }
  if (thrown instanceof NamespaceNotFoundError)
    return unprepared(`has no namespace ${thrown.namespace}`, thrown);
  const code = grpcCode(thrown);
  const reason = code === null ? undefined : UNREACHABLE.get(code);
  if (reason) {
    return new LonghaulError('temporal_unreachable', `Temporal cannot be used: ${reason}.`, {
      cause: thrown,
    });
  }
  return code === INVALID_ARGUMENT ? unprepared('does not know the search attributes of jobs', thrown) : null;
}

function unprepared(what: string, cause: unknown): LonghaulError {
  return new LonghaulError('temporal_unprepared', `Temporal ${what}.`, { cause });
}

function grpcCode(thrown: unknown): number | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (isGrpcServiceError(error)) return error.code;
  }
  return null;
}
