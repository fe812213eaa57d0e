// Workers that follow each other on the time-skipping server, which goes on handing the tasks of a workflow to the worker that
// has it in its cache, also when that is gone. So a worker leaves at a workflow task: it fails that, and the next one gets it.
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import type { Activities } from '../../src/core/work.js';
import { createBell } from './bell.js';

export interface Shifts {
  readonly taskQueue: string;
  readonly workflowBundle: WorkflowBundle;
  readonly activities: Activities;
  /** Whether the worker of that number, from 0, is to leave. */
  readonly isOver: (shift: number) => boolean;
}

/** One worker after the other until `done`, however that ends. Answers how many times one was replaced. */
export async function workInShifts(
  env: TestWorkflowEnvironment,
  { taskQueue, workflowBundle, activities, isOver }: Shifts,
  done: Promise<unknown>,
): Promise<number> {
  const end = Promise.allSettled([done]).then(() => true);
  for (let shift = 0; ; shift += 1) {
    const leaving = createBell();
    const left = leaving.heard().then(() => false);
    const worker = await Worker.create({
      connection: env.nativeConnection,
      namespace: 'default',
      taskQueue,
      workflowBundle,
      activities: { ...activities },
      dataConverter: {
        payloadCodecs: [
          leaver(
            () => isOver(shift),
            () => leaving.ring(),
          ),
        ],
      },
      shutdownGraceTime: 0,
    });
    const running = worker.run();
    const isDone = await Promise.race([end, left]);
    worker.shutdown();
    await running;
    if (isDone) return shift;
  }
}

/** Fails the task that brings the end of a chunk, once it is time. */
function leaver(isTime: () => boolean, leave: () => void): PayloadCodec {
  return {
    encode: async (payloads) => payloads,
    async decode(payloads) {
      if (!payloads.some(isChunkResult) || !isTime()) return payloads;
      leave();
      throw new Error('this worker is leaving');
    },
  };
}

/** What only workflows read. */
function isChunkResult({ data }: Payload): boolean {
  return Buffer.from(data ?? [])
    .toString('utf8')
    .startsWith('{"end":');
}
