// Starts, shows and steers jobs: each call a few messages to Temporal, none of them waits for a worker.
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { LonghaulError } from '../core/errors.js';
import { ENDED, type Job } from '../core/job.js';
import { SIGNALS } from '../core/names.js';
import type { JobSpec } from '../core/spec.js';
import { toJob } from '../core/view.js';
import type { JobChange, RequestMemo } from '../core/work.js';
import { begin } from './begin.js';
import { assertOwn } from './caller.js';
import { conflict, isSteerable, type Action } from './conflicts.js';
import { factsOf, queuedFactsOf, type Described, type FactsDeps } from './facts.js';
import { hashOf, jobIdOfKey, newJobId } from './ids.js';
import { named, RequestFaults } from './problems.js';
import { retryRejects } from './retry-rejects.js';
import { retry } from './retry.js';

/** Every method throws `job_unknown`, `job_state_conflict` and Temporal's own errors. */
export interface Jobs {
  /** The same `key` and spec: the same job. Throws `idempotency_conflict` for the key with another spec. */
  start(spec: JobSpec, key: string | null): Promise<Job>;
  show(id: string): Promise<Job>;
  /** The job together with what it was made of. */
  find(id: string): Promise<Described>;
  /** Repeated calls are harmless. */
  steer(id: string, action: Action): Promise<Job>;
  /** Repeated calls are harmless. */
  change(id: string, change: JobChange): Promise<Job>;
  /** `rejects`: a new job tries what this one has set aside. Repeated calls are harmless. */
  retry(id: string, what: { readonly rejects: boolean }): Promise<Job>;
}

/** Those of a tenant; null: of all. */
export function createJobs(deps: FactsDeps, tenant: string | null): Jobs {
  const { client, clock } = deps;
  const handle = (id: string) => client.workflow.getHandle(id);

  async function describe(id: string): Promise<Described> {
    const description = await handle(id).describe();
    const facts = await factsOf(deps, description);
    const job = toJob(facts);
    assertOwn(job, tenant);
    return { description, facts, job };
  }

  async function start(spec: JobSpec, key: string | null): Promise<Job> {
    await assertRejectsAreOwn(spec);
    const id = key === null ? newJobId(spec, clock()) : jobIdOfKey(key, tenant);
    const bodyHash = key === null ? null : hashOf(spec);
    const request: RequestMemo = { spec, createdAt: new Date(clock()).toISOString(), bodyHash };
    try {
      await begin(client, { id, request });
      return toJob(queuedFactsOf(deps, id, request));
    } catch (error) {
      if (key === null || !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return sameRequest(await describe(id), bodyHash);
    }
  }

  /** What a job has set aside is found by its id alone. */
  async function assertRejectsAreOwn(spec: JobSpec): Promise<void> {
    const from = spec.kind === 'restore' ? spec.source.rejectsOf : undefined;
    if (tenant === null || from === undefined) return;
    await describe(from).catch((error: unknown) => {
      throw named(error)?.code === 'job_unknown' ? unknownRejects() : error;
    });
  }

  async function act(found: Described, action: Action): Promise<void> {
    const { job } = found;
    if (action === 'cancel' && (job.state === 'cancelling' || job.state === 'cancelled')) return;
    if (!isSteerable(job)) throw conflict(job, action);
    // A signal is sent whatever the state says: the one before it may still be on its way to the workflow.
    await unlessEnded(action === 'cancel' ? handle(job.id).cancel() : handle(job.id).signal(SIGNALS[action]));
  }

  async function steer(id: string, action: Action): Promise<Job> {
    await act(await describe(id), action);
    const { job } = await describe(id);
    const cameTooLate = ENDED.includes(job.state) && (action === 'pause' || action === 'resume');
    if (cameTooLate || (action === 'cancel' && isDone(job))) throw conflict(job, action);
    return job;
  }

  async function change(id: string, asked: JobChange): Promise<Job> {
    const { job } = await describe(id);
    if (!isSteerable(job)) throw conflict(job, 'change');
    await unlessEnded(handle(id).signal(SIGNALS.change, asked));
    const { job: now } = await describe(id);
    if (ENDED.includes(now.state)) throw conflict(now, 'change');
    return now;
  }

  async function retryJob(id: string, { rejects }: { readonly rejects: boolean }): Promise<Job> {
    const found = await describe(id);
    if (rejects) return retryRejects(deps, describe, found);
    await retry(client, found);
    return (await describe(id)).job;
  }

  return {
    start,
    show: async (id) => (await describe(id)).job,
    find: describe,
    steer,
    change,
    retry: retryJob,
  };
}

function unknownRejects(): LonghaulError {
  return new RequestFaults('spec_invalid', [
    { path: ['source', 'rejectsOf'], message: 'there is no such job' },
  ]);
}

function isDone({ state }: Job): boolean {
  return state === 'completed' || state === 'failed';
}

/** The job may end between the look and the call; the look after it tells. */
async function unlessEnded(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function sameRequest({ facts, job }: Described, bodyHash: string | null): Job {
  if (facts.request.bodyHash === bodyHash) return job;
  throw new LonghaulError(
    'idempotency_conflict',
    `This Idempotency-Key started the job ${job.id} with another body.`,
  );
}
