// Many small jobs at once: none may wait for the others much longer than most do.
import { until } from '../../test/support/until.js';
import type { Job } from '../../src/core/job.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { quantile, seconds, type Table } from '../support/tables.js';

const JOBS = 1_000;
const POSTS_AT_ONCE = 20;
const MOST_TIMES_MEDIAN = 3;

export async function crowd(scale: Scale): Promise<Table[]> {
  return onStage({ rows: scale.rows }, async (stage) => [await measured(stage)]);
}

async function measured({ longhaul }: Stage): Promise<Table> {
  const ids: string[] = [];
  const post = async (): Promise<void> => {
    while (ids.length < JOBS) {
      const place = ids.push('') - 1;
      ids[place] = (await longhaul.post(backupOf('cursor', ['empty']))).id;
    }
  };
  const start = Date.now();
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, post));
  const posted = Date.now() - start;
  const took: number[] = [];
  for (const id of ids) took.push(tookOf(await completed(id)));
  const [half, longest] = [quantile(took, 0.5), Math.max(...took)];
  return {
    title: `${JOBS} jobs of one empty stream at once`,
    columns: ['posted in', 'median of a job', 'longest', 'longest of the median'],
    rows: [[seconds(posted), seconds(half), seconds(longest), (longest / half).toFixed(2)]],
    notes: [`The limit is ${MOST_TIMES_MEDIAN} times the median.`],
  };

  async function completed(id: string): Promise<Job> {
    const look = async (): Promise<Job | false> => {
      const job = await longhaul.show(id);
      if (job.state === 'failed') throw new Error(JSON.stringify(job.error));
      return job.state === 'completed' && job;
    };
    return until(`job ${id} completes`, look, { timeoutMs: 600_000, everyMs: 1_000 });
  }
}

function tookOf({ createdAt, endedAt }: Job): number {
  return Date.parse(endedAt!) - Date.parse(createdAt);
}
