// A copy as one writes it at first on Temporal, as a way to be compared: records made objects and then texts, an activity a page.
import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Way } from '../support/compare.js';
import { copyAll, type NaiveActivities } from './workflow.js';

export const PAGE = 1_000;
/** It is slow, so it copies this part of the records, and what that took is made the time of all. */
const PART = 10;

const TASK_QUEUE = 'naive';

export interface NaiveCopy {
  /** Temporal's, host:port. */
  readonly address: string;
  /** Of the whole work. */
  readonly records: number;
  /** The page after so many records. */
  readonly read: (after: number) => Promise<readonly unknown[]>;
  readonly write: (records: readonly unknown[]) => Promise<void>;
}

export function naive({ address, records, read, write }: NaiveCopy): Way {
  const end = Math.ceil(records / PART);
  const activities: NaiveActivities = {
    async copyPage(after) {
      await write(await read(after));
      return after + PAGE < end ? after + PAGE : null;
    },
  };
  return {
    name: `an activity a page of ${PAGE} (timed over a tenth)`,
    run: async () => ({ ms: PART * (await timed(address, activities)) }),
  };
}

/** Appends them as lines of JSON, each page compressed by itself. */
export const linesInto = (file: string) => async (records: readonly unknown[]) => {
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await appendFile(file, await promisify(gzip)(lines));
};

async function timed(address: string, activities: NaiveActivities): Promise<number> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  const workflowsPath = fileURLToPath(new URL('workflow.js', import.meta.url));
  const worker = await Worker.create({ connection, taskQueue: TASK_QUEUE, workflowsPath, activities });
  const ms = await worker.runUntil(async () => {
    const start = performance.now();
    await client.workflow.execute(copyAll, {
      taskQueue: TASK_QUEUE,
      workflowId: randomUUID(),
      args: [0],
    });
    return performance.now() - start;
  });
  await client.connection.close();
  await connection.close();
  return ms;
}
