// A job's workflow running against scripted activities, on whichever Temporal server the test has.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandleWithStartDetails } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type NativeConnection,
  type WorkflowBundle,
} from '@temporalio/worker';
import type { JobInput, JobMemo, ScheduledInput } from '../../src/core/work.js';
import { scriptedActivities, type Calls, type Script } from './scripted-activities.js';

export interface Server {
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
  readonly namespace: string;
}

export interface Running {
  readonly handle: WorkflowHandleWithStartDetails;
  readonly calls: Calls;
  readonly memo: () => Promise<JobMemo>;
}

export function inputOf(id: string): JobInput {
  const spec = { kind: 'backup', source: { connection: 'crm' }, sink: { connection: 'vault' } } as const;
  return { job: { id, spec, createdAt: '2026-01-01T00:00:00.000Z' } };
}

/** Once a test file: bundles the workflows from their sources and keeps Temporal's logs to what is wrong. */
export async function prepareWorkflows(logger = new DefaultLogger('ERROR')): Promise<WorkflowBundle> {
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
  });
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** Runs a job for the length of `use`, with a worker of its own. */
export async function runJobWith<T>(
  server: Server,
  workflowBundle: WorkflowBundle,
  script: Script,
  use: (job: Running) => Promise<T>,
  input: JobInput | ScheduledInput = inputOf(randomUUID()),
): Promise<T> {
  const taskQueue = randomUUID();
  const { activities, calls } = scriptedActivities(script);
  const worker = await Worker.create({
    connection: server.nativeConnection,
    namespace: server.namespace,
    taskQueue,
    workflowBundle,
    activities: { ...activities },
    maxHeartbeatThrottleInterval: 100,
    defaultHeartbeatThrottleInterval: 100,
  });
  return worker.runUntil(async () => {
    const handle = await server.client.workflow.start(input.job.spec.kind, {
      // A schedule's own jobs are named by Temporal.
      workflowId: 'id' in input.job ? input.job.id : randomUUID(),
      taskQueue,
      args: [input],
    });
    const memo = async () => (await handle.describe()).memo?.['job'] as JobMemo;
    return use({ handle, calls, memo });
  });
}
