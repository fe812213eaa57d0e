// How soon the API shows a job: idle, and while the worker has all the work it can do.
import { Connection } from '@temporalio/client';
import { Pool } from 'undici';
import type { Job } from '../../src/core/job.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { fillTable, STREAM } from '../support/table.js';
import { millis, quantile, type Table } from '../support/tables.js';

const IDLE_CALLS = 500;
const LIMIT_MS = 20;

export async function latency(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => {
    await fillTable(stage.postgres.url, scale.rows);
    const { longhaul } = stage;
    const api = new Pool(longhaul.api, { connections: 1 });
    const temporal = await Connection.connect({ address: longhaul.temporal });
    try {
      return [await measured(stage, api, temporal)];
    } finally {
      await Promise.all([temporal.close(), api.close()]);
    }
  });
}

async function measured({ run, longhaul }: Stage, api: Pool, temporal: Connection): Promise<Table> {
  const show = async (id: string): Promise<Job> => {
    const { body } = await api.request({ method: 'GET', path: `/v1/jobs/${id}` });
    return (await body.json()) as Job;
  };
  const describe = (workflowId: string) =>
    temporal.workflowService.describeWorkflowExecution({ namespace: 'default', execution: { workflowId } });

  const idle = { show: [] as number[], describe: [] as number[] };
  const { job: ended } = await run(backupOf('cursor', ['empty']));
  for (let call = 0; call < IDLE_CALLS; call++) {
    await timed(idle.show, () => show(ended.id));
    await timed(idle.describe, () => describe(ended.id));
  }

  const busy = { show: [] as number[], describe: [] as number[] };
  const { id } = await longhaul.post(backupOf('main', [STREAM]));
  while ((await timed(busy.show, () => show(id))).state !== 'completed') {
    await timed(busy.describe, () => describe(id));
  }

  return {
    title: 'GET /v1/jobs/:id',
    columns: ['call', 'median', 'p99', 'calls'],
    rows: [
      rowOf('idle', idle.show),
      rowOf('while the worker copies a table', busy.show),
      rowOf("Temporal's Describe alone, idle", idle.describe),
      rowOf("Temporal's Describe alone, while the worker copies", busy.describe),
    ],
    notes: [`The limit is a median of ${LIMIT_MS} ms. Each answer takes one Describe call.`],
  };
}

async function timed<T>(samples: number[], call: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const answer = await call();
  samples.push(performance.now() - start);
  return answer;
}

function rowOf(name: string, samples: readonly number[]): string[] {
  return [name, millis(quantile(samples, 0.5)), millis(quantile(samples, 0.99)), String(samples.length)];
}
