// A worker with the settings that were measured to matter.
import { Worker, type NativeConnection, type WorkerDeploymentOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import type { ActivityDeps } from '../activities/deps.js';
import { TASK_QUEUE } from '../core/names.js';

export interface WorkerSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly workflowBundle: { readonly codePath: string };
  readonly taskQueue?: string;
  readonly workerDeploymentOptions?: WorkerDeploymentOptions;
}

/** Activities that run at once. */
export const SLOTS = 32;

export async function createWorker(settings: WorkerSettings, deps: ActivityDeps): Promise<Worker> {
  return Worker.create({
    taskQueue: TASK_QUEUE,
    ...settings,
    activities: createActivities(deps),
    // Breadcrumbs reach the server, and a pause the chunk, within half a second.
    maxHeartbeatThrottleInterval: 500,
    defaultHeartbeatThrottleInterval: 500,
    // Chunks are told at once that the worker goes; they flush and hand over.
    shutdownGraceTime: 0,
    shutdownForceTime: '10s',
    // After a kill the next workflow task waits this long for the dead worker's cache; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: SLOTS,
  });
}
