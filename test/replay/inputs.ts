// What the jobs whose histories are kept begin with.
import { addPlan, carry, openBoard, putBack, take } from '../../src/core/board.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { JobInput, PartitionWork } from '../../src/core/work.js';
import { inputOf } from '../support/workflow-job.js';

const inputWith =
  (spec: JobSpec) =>
  (id: string): JobInput => ({ job: { ...inputOf(id).job, spec } });

const CRM = { connection: 'crm' };
const ARCHIVE = { connection: 'vault', archive: 'nightly/a-1' };
export const VERIFY = inputWith({ kind: 'verify', source: ARCHIVE });
export const COMPARE = inputWith({ kind: 'verify', source: ARCHIVE, options: { against: CRM } });
export const RESTORE = inputWith({ kind: 'restore', source: ARCHIVE, sink: { connection: 'database' } });
export const EXPORT = inputWith({
  kind: 'export',
  source: CRM,
  sink: { connection: 'vault' },
  options: { format: 'parquet' },
});

/** A job that failed when one of its two partitions was done and the other one was begun. */
export function retryOf(id: string): JobInput {
  const board = openBoard('2026-01-01T00:00:01.000Z');
  const work = [0, 1].map((index): PartitionWork => ({
    index,
    stream: 'a',
    partition: { id: String(index), range: null, estimate: 10 },
    checkpoint: null,
  }));
  const streams = [{ name: 'a', estimate: 20, partitions: 2 }];
  addPlan(board, { streams, work, after: 'a', done: true, lanes: 2, requestsPerDay: null });
  const at = (records: number, done: boolean) => ({
    cursor: records,
    done,
    sink: `head-${records}`,
    tallies: { ...NO_TALLIES, records },
  });
  putBack(board, take(board)!, at(10, true));
  putBack(board, take(board)!, at(4, false));
  return { ...inputOf(id), resume: carry(board) };
}
