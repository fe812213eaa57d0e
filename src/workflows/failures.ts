// What a failed activity tells: the named error, and the checkpoint that was reached.
import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { Checkpoint } from '../core/checkpoint.js';
import { ERRORS, type ErrorData } from '../core/errors.js';
import type { ChunkFailure, Heartbeat } from '../core/work.js';

export interface Ending {
  /** null: the chunk was interrupted (cancelled, its worker lost or shutting down), which is no failure of the job. */
  readonly error: ErrorData | null;
  /** The newest that is known; undefined: none since the chunk began. */
  readonly checkpoint: Checkpoint | undefined;
}

export function readEnding(thrown: unknown): Ending {
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  if (cause instanceof TimeoutFailure) {
    return { error: null, checkpoint: (cause.lastHeartbeatDetails as Heartbeat | undefined)?.checkpoint };
  }
  if (isCancellation(thrown)) return { error: null, checkpoint: undefined };
  const details =
    cause instanceof ApplicationFailure ? (cause.details?.[0] as ChunkFailure | undefined) : undefined;
  if (details?.error.code === 'handover') return { error: null, checkpoint: details.checkpoint };
  return { error: details?.error ?? unnamed(cause), checkpoint: details?.checkpoint };
}

/** Workflow code throws only by a fault of its own. */
function unnamed(cause: unknown): ErrorData {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { code: 'internal', message, hint: ERRORS.internal.hint };
}
