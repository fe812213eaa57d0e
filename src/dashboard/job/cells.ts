// The partitions of a stream as cells, in the order of their going.
import type { Job, StreamProgress } from '../../core/job.js';

export type Cell = 'done' | 'failed' | 'running' | 'waiting';

/** The API counts partitions and does not name them, so the cells are sorted by how they stand. */
export function cellsOf(stream: StreamProgress, job: Job): Cell[] {
  const { done, running, total } = stream.partitions;
  const failed = hasFailed(stream, job) && done < total ? 1 : 0;
  const going = job.state === 'failed' ? 0 : Math.min(runningOf(stream, running), total - done);
  return [
    ...repeated('done', done),
    ...repeated('failed', failed),
    ...repeated('running', going),
    ...repeated('waiting', Math.max(0, total - done - failed - going)),
  ];
}

export type StreamLook = 'done' | 'failed' | 'running' | 'waiting';

/** How a stream stands as people see it: one that was begun and is not worked at now waits. */
export function lookOf(stream: StreamProgress, job: Job): StreamLook {
  if (stream.state === 'completed') return 'done';
  if (hasFailed(stream, job)) return 'failed';
  return stream.state === 'running' && job.state === 'running' ? 'running' : 'waiting';
}

function hasFailed({ name, state }: StreamProgress, { error }: Job): boolean {
  return state !== 'completed' && error?.stream === name;
}

/** A heartbeat says sooner that a stream runs than the workflow counts its partitions. */
function runningOf({ state }: StreamProgress, running: number): number {
  return state === 'completed' ? 0 : running;
}

function repeated(cell: Cell, times: number): Cell[] {
  return Array.from({ length: times }, () => cell);
}

/** `3 of 8 partitions done, 2 running` */
export function cellsText(cells: readonly Cell[]): string {
  const of = (cell: Cell): number => cells.filter((each) => each === cell).length;
  const rest = (['failed', 'running', 'waiting'] as const).flatMap((cell) =>
    of(cell) > 0 ? [`${of(cell)} ${cell}`] : [],
  );
  const done = `${of('done')} of ${cells.length} partition${cells.length === 1 ? '' : 's'} done`;
  return [done, ...rest].join(', ');
}
