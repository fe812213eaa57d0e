// The state of a job while its workflow runs, and every way it changes. Pure, so that it is tested without Temporal.
import { sizeOf, withinBounds } from './carried.js';
import { add, NO_TALLIES, type Checkpoint, type Tallies } from './checkpoint.js';
import type { Head } from './connector.js';
import type { StreamProgress } from './job.js';
import type { Json } from './json.js';
import type { CarriedState, PartitionWork, PlanPage, Quota, StreamCount, Wait } from './work.js';

/** Finished streams that stay visible; the rest live on in the sums only, so that the state is bounded. */
const FINISHED_STREAMS_SHOWN = 20;
/** Heads held before they are settled. */
export const HEADS_HELD = 50;
const HEADS_BYTES = 16_384;

/** `pending` and `running` together are the planned and unfinished partitions. */
export interface Board {
  readonly startedAt: string;
  paused: boolean;
  plan: CarriedState['plan'];
  lanes: number;
  /** While the job runs, in place of those of its spec; and what the connection allows. */
  lanesAsked?: number;
  lanesMost?: number;
  /** The pace that was asked for, of all lanes together. */
  requestsPerSecond?: number;
  pending: PartitionWork[];
  readonly running: Map<number, PartitionWork>;
  heads: Head[];
  settled: Json | null;
  finished: Tallies;
  estimated: CarriedState['estimated'];
  streams: StreamCount[];
  streamsTotal: number;
  wait: Wait | null;
  quota: Quota | null;
}

export function openBoard(startedAt: string, carried?: CarriedState): Board {
  const fresh: CarriedState = {
    startedAt,
    paused: false,
    plan: { after: null, done: false, nextIndex: 0 },
    lanes: 1,
    pending: [],
    heads: [],
    settled: null,
    finished: NO_TALLIES,
    estimated: { known: 0, complete: true },
    streams: [],
    streamsTotal: 0,
    wait: null,
    quota: null,
  };
  const state = carried ?? fresh;
  return {
    ...state,
    pending: [...state.pending],
    heads: [...state.heads],
    streams: [...state.streams],
    running: new Map(),
  };
}

/** What the next run of the workflow, or a retry of the job, goes on from. */
export function carry(board: Board): CarriedState {
  const { running, ...rest } = board;
  const pending = [...running.values(), ...board.pending].sort((a, b) => a.index - b.index);
  return withinBounds({ ...rest, pending });
}

export function addPlan(board: Board, page: PlanPage): void {
  board.plan = { after: page.after, done: page.done, nextIndex: board.plan.nextIndex + page.work.length };
  board.lanes = page.lanes;
  if (page.mostLanes !== undefined) board.lanesMost = page.mostLanes;
  if (board.lanesAsked !== undefined) askLanes(board, board.lanesAsked);
  board.pending.push(...page.work);
  for (const { name, estimate, partitions } of page.streams) {
    board.streams.push({ name, estimate, total: partitions, done: 0, records: 0 });
    board.estimated = {
      known: board.estimated.known + (estimate ?? 0),
      complete: board.estimated.complete && estimate !== null,
    };
  }
  board.streamsTotal += page.streams.length;
}

/** From now on, whatever later pages of the plan say. */
export function askLanes(board: Board, lanes: number): void {
  board.lanesAsked = lanes;
  board.lanes = Math.min(lanes, board.lanesMost ?? Infinity);
}

/** null: no bound from now on. */
export function askPace(board: Board, requestsPerSecond: number | null): void {
  if (requestsPerSecond === null) delete board.requestsPerSecond;
  else board.requestsPerSecond = requestsPerSecond;
}

/**
 * The share of the pace that a lane keeps, so that all together never exceed it; undefined: there is none to keep. Lanes
 * that will find nothing to do any more leave theirs to the others.
 */
export function laneShare({ requestsPerSecond: pace, lanes, plan, pending, running }: Board) {
  if (pace === undefined) return undefined;
  const open = plan.done ? pending.length + running.size : Infinity;
  return pace / Math.min(lanes, open);
}

/** There are enough heads to settle. */
export function isFull({ heads }: Board): boolean {
  return heads.length >= HEADS_HELD || sizeOf(heads) >= HEADS_BYTES;
}

/** A partition waits for a lane, and there is room for what becomes of it. */
export function canTake({ pending, heads }: Board): boolean {
  return pending.length > 0 && heads.length < 2 * HEADS_HELD;
}

/** Hands out the next partition, or nothing while none is pending. */
export function take(board: Board): PartitionWork | undefined {
  const work = board.pending.shift();
  if (work) board.running.set(work.index, work);
  return work;
}

/** Takes back a partition at its new checkpoint: finished, or first in line to go on. */
export function putBack(board: Board, work: PartitionWork, checkpoint: Checkpoint | null): void {
  board.running.delete(work.index);
  if (checkpoint?.done) finish(board, work, checkpoint);
  else board.pending.unshift({ ...work, checkpoint });
}

function finish(board: Board, work: PartitionWork, checkpoint: Checkpoint): void {
  const { stream, index, partition } = work;
  const { records } = checkpoint.tallies;
  board.heads.push({ stream, index, partition: partition.id, state: checkpoint.sink, records });
  board.finished = add(board.finished, checkpoint.tallies);
  board.streams = board.streams.map((s) =>
    s.name === stream ? { ...s, done: s.done + 1, records: s.records + records } : s,
  );
  correctEstimate(board, stream);
  board.streams = forgetOldest(board.streams);
}

/** A finished stream's estimate gives way to what it held. */
function correctEstimate(board: Board, name: string): void {
  const stream = board.streams.find((s) => s.name === name);
  if (!stream || !isFinished(stream) || stream.estimate === null) return;
  board.estimated = { ...board.estimated, known: board.estimated.known - stream.estimate + stream.records };
}

function forgetOldest(streams: StreamCount[]): StreamCount[] {
  const surplus = streams.filter(isFinished).length - FINISHED_STREAMS_SHOWN;
  if (surplus <= 0) return streams;
  const oldest = streams.findIndex(isFinished);
  return streams.filter((_, i) => i !== oldest);
}

const isFinished = (stream: StreamCount): boolean => stream.done >= stream.total;

/** Everything planned is finished. */
export function isAllDone(board: Board): boolean {
  return board.plan.done && isIdle(board);
}

/** Everything planned so far is finished. */
export function isIdle(board: Board): boolean {
  return board.pending.length === 0 && board.running.size === 0;
}

/** Finished partitions, and the checkpoints of the others. */
export function tallies(board: Board): Tallies {
  const open = [...board.running.values(), ...board.pending].map(
    (work) => work.checkpoint?.tallies ?? NO_TALLIES,
  );
  return open.reduce(add, board.finished);
}

export function estimatedRecords(board: Board): number | null {
  return board.plan.done && board.estimated.complete
    ? Math.max(board.estimated.known, tallies(board).records)
    : null;
}

const STREAMS_SHOWN = 50;

/** The streams a person wants to see first: the running ones, then the latest finished, then what comes. */
export function streamsView(board: Board): StreamProgress[] {
  const runningOf = countBy([...board.running.values()].map((work) => work.stream));
  const openRecords = new Map<string, number>();
  for (const { stream, checkpoint } of [...board.running.values(), ...board.pending]) {
    openRecords.set(stream, (openRecords.get(stream) ?? 0) + (checkpoint?.tallies.records ?? 0));
  }
  const view = board.streams.map((s): StreamProgress => {
    const running = runningOf.get(s.name) ?? 0;
    const records = s.records + (openRecords.get(s.name) ?? 0);
    const begun = running > 0 || s.done > 0 || records > 0;
    const state = isFinished(s) ? 'completed' : begun ? 'running' : 'queued';
    const partitions = { done: s.done, running, total: s.total };
    return { name: s.name, state, records, estimatedRecords: s.estimate, partitions };
  });
  const rank = { running: 0, completed: 1, queued: 2 };
  return view.sort((a, b) => rank[a.state] - rank[b.state]).slice(0, STREAMS_SHOWN);
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
