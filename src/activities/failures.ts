// The one place where errors become Temporal's: nothing but an ApplicationFailure leaves an activity.
import { ApplicationFailure } from '@temporalio/activity';
import type { Checkpoint } from '../core/checkpoint.js';
import { ERRORS, LonghaulError, type ErrorData } from '../core/errors.js';
import type { ChunkFailure } from '../core/work.js';

export function toErrorData(error: unknown): ErrorData {
  if (error instanceof LonghaulError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'internal', message, hint: ERRORS.internal.hint };
}

const LONGEST_DELAY_MS = 60_000;

/** An error thrown out of a chunk, with the checkpoint that was reached before it. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
  constructor(
    override readonly cause: unknown,
    readonly checkpoint: Checkpoint,
    readonly side: 'source' | 'sink',
  ) {
    super('the chunk ended at an error');
  }
}

/**
 * A source's errors were retried where that could help: the job ends with them, unless the source said when to come back.
 * A sink's may still pass: another attempt goes on from the checkpoint. `failures`: how many there were, with this one.
 */
export function toFailure(thrown: unknown, failures: number, now: number): ApplicationFailure {
  const [cause, checkpoint] =
    thrown instanceof ChunkError ? [thrown.cause, thrown.checkpoint] : [thrown, undefined];
  const error = toErrorData(cause);
  const mayPass = thrown instanceof ChunkError && thrown.side === 'sink';
  const nextRetryDelay = delayOf(cause, error, { failures, now, mayPass });
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: nextRetryDelay === null,
    details: [{ error, ...(checkpoint && { checkpoint }) }],
    ...(nextRetryDelay !== null && { nextRetryDelay }),
  });
}

/** ms until Temporal shall try again; null: never. Faults of our own get a few tries, later each time, for a lucky other worker. */
function delayOf(
  cause: unknown,
  { code }: ErrorData,
  { failures, now, mayPass }: { failures: number; now: number; mayPass: boolean },
): number | null {
  const until = cause instanceof LonghaulError ? cause.until : undefined;
  const { reaction, attempts = 1 } = ERRORS[code];
  if (reaction === 'throttled' && until !== undefined) return Math.max(1, until - now);
  const again = (code === 'internal' || (mayPass && reaction === 'transient')) && failures < attempts;
  return again ? Math.min(LONGEST_DELAY_MS, 1_000 * 2 ** failures) : null;
}

/** Hands over to another worker at once: this one is shutting down. Costs no wait and loses no page. */
export function handover(checkpoint?: Checkpoint): ApplicationFailure {
  const error: ErrorData = {
    code: 'handover',
    message: 'the worker is shutting down',
    hint: ERRORS.handover.hint,
  };
  const details: Partial<ChunkFailure> = { error, ...(checkpoint && { checkpoint }) };
  return ApplicationFailure.create({
    type: 'handover',
    message: error.message,
    nextRetryDelay: 1,
    details: [details],
  });
}
