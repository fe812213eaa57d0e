// What a restore has set aside is tried again by a new job, one for each job that has ended with rejects.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { LonghaulError } from '../core/errors.js';
import type { Job } from '../core/job.js';
import type { RestoreSpec } from '../core/spec.js';
import { toJob } from '../core/view.js';
import type { RequestMemo } from '../core/work.js';
import { begin } from './begin.js';
import { queuedFactsOf, type Described, type FactsDeps } from './facts.js';
import { jobIdOfRejects } from './ids.js';

/**
 * The job that tries them, started by the first call. Where that has completed with rejects of its own, those are tried
 * next. Throws `job_state_conflict` for a job that is no restore, has not ended or has set nothing aside.
 */
export async function retryRejects(
  deps: FactsDeps,
  describe: (id: string) => Promise<Described>,
  from: Described,
): Promise<Job> {
  for (let found = from; ;) {
    const id = jobIdOfRejects(found.job.id, found.description.runId);
    const started = await start(deps, id, specOf(found));
    if (started) return started;
    found = await describe(id);
    if (found.job.state !== 'completed' || found.job.progress.rejects === 0) return found.job;
  }
}

/** null: it was started before. */
async function start(deps: FactsDeps, id: string, spec: RestoreSpec): Promise<Job | null> {
  const createdAt = new Date(deps.clock()).toISOString();
  const request: RequestMemo = { spec, createdAt, bodyHash: null };
  try {
    await begin(deps.client, { id, request });
    return toJob(queuedFactsOf(deps, id, request));
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** As it was asked for; what was set aside has been chosen by its keys already. */
function specOf({ job, facts }: Described): RestoreSpec {
  const { spec } = facts.request;
  if (spec.kind !== 'restore')
    throw refused(`it is a ${spec.kind}`, 'Only a restore can try its rejects again.');
  if (job.state !== 'completed' && job.state !== 'failed') throw refused(`it is ${job.state}`);
  if (job.progress.rejects === 0) throw refused('it has set nothing aside');
  const { connection, archive, streams } = spec.source;
  return { ...spec, source: { connection, archive, ...(streams && { streams }), rejectsOf: job.id } };
}

function refused(why: string, hint?: string): LonghaulError {
  const message = `Cannot retry the rejects of the job: ${why}.`;
  return new LonghaulError('job_state_conflict', message, hint === undefined ? {} : { hint });
}
