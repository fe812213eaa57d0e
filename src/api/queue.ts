// How much work waits for a worker, and who takes it: the signal to scale on.
import type { Client, WorkflowService } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
import { TASK_QUEUE } from '../core/names.js';
import type { Queue } from './contracts.js';
import { epochMs } from './facts.js';

type QueueState = Awaited<ReturnType<WorkflowService['describeTaskQueue']>>;

const { TaskQueueType } = proto.temporal.api.enums.v1;

export async function readQueue(client: Client): Promise<Queue> {
  const [workflows, chunks] = await Promise.all([
    describe(client, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    describe(client, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  return {
    taskQueue: TASK_QUEUE,
    workflows: backlogOf(workflows),
    chunks: backlogOf(chunks),
    workers: workersOf([...workflows.pollers, ...chunks.pollers]),
  };
}

function describe(client: Client, taskQueueType: temporal.api.enums.v1.TaskQueueType): Promise<QueueState> {
  return client.connection.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType,
    reportStats: true,
  });
}

function backlogOf({ stats }: QueueState): Queue['chunks'] {
  const age = stats?.approximateBacklogAge;
  return {
    tasks: Number(stats?.approximateBacklogCount ?? 0),
    ageSeconds: age ? epochMs(age) / 1000 : 0,
    addedPerSecond: stats?.tasksAddRate ?? 0,
    takenPerSecond: stats?.tasksDispatchRate ?? 0,
  };
}

/** One worker polls both queues. */
function workersOf(pollers: QueueState['pollers']): Queue['workers'] {
  const lastSeen = new Map<string, number | null>();
  for (const { identity, lastAccessTime } of pollers) {
    const at = lastAccessTime ? epochMs(lastAccessTime) : null;
    const known = lastSeen.get(identity ?? '') ?? null;
    lastSeen.set(identity ?? '', at === null || known === null ? (at ?? known) : Math.max(at, known));
  }
  return Array.from(lastSeen, ([identity, at]) => ({
    identity,
    lastSeenAt: at === null ? null : new Date(at).toISOString(),
  }));
}
