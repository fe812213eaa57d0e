// A failed job goes on from the checkpoints that its failed run left in its failure.
import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import { LonghaulError, type ErrorData } from '../core/errors.js';
import type { Job } from '../core/job.js';
import type { CarriedState } from '../core/work.js';
import { begin, RETRY_OF } from './begin.js';
import { conflict } from './conflicts.js';
import type { Described } from './facts.js';

/** Harmless when repeated. Throws `job_state_conflict` for a job that did not fail, or left nothing to go on from. */
export async function retry(client: Client, found: Described): Promise<void> {
  const { job, facts, description } = found;
  if (job.state !== 'failed') return refuseUnlessRetried(found);
  const { runId } = description;
  const resume = await carriedState(client, job, runId);
  try {
    await begin(client, { id: job.id, request: facts.request, after: { runId, resume, shown: facts.job } });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function refuseUnlessRetried({ description, job }: Described): void {
  const retried = description.memo?.[RETRY_OF] !== undefined;
  if (!retried || job.state === 'cancelled' || job.state === 'cancelling') throw conflict(job, 'retry');
}

/** null lets a verify job, which only reads, begin again. */
async function carriedState(client: Client, job: Job, runId: string): Promise<CarriedState | null> {
  const state = await stateInFailure(client, job.id, runId);
  if (state || job.kind === 'verify') return state;
  throw new LonghaulError(
    'job_state_conflict',
    `Cannot retry the job: it left no checkpoint (${job.error?.code}).`,
    { hint: 'Start a new job.' },
  );
}

async function stateInFailure(client: Client, id: string, runId: string): Promise<CarriedState | null> {
  try {
    await client.workflow.getHandle(id, runId, { followRuns: false }).result();
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const details = error.cause instanceof ApplicationFailure ? error.cause.details?.[0] : undefined;
    return (details as { error: ErrorData; state: CarriedState | null } | undefined)?.state ?? null;
  }
}
