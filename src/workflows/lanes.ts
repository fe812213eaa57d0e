// The parallel loops of a job: each takes a partition, copies a chunk of it, puts it back at its new checkpoint.
import { condition, workflowInfo } from '@temporalio/workflow';
import {
  addPlan,
  canTake,
  isAllDone,
  isFull,
  isIdle,
  laneShare,
  putBack,
  take,
  tallies,
  type Board,
} from '../core/board.js';
import { NO_TALLIES } from '../core/checkpoint.js';
import { openQuota, share, spend, today, untilRenewed } from '../core/quota.js';
import { mostRejects, rejectsExceeded } from '../core/rejects.js';
import type { ChunkResult, JobRef, PartitionWork } from '../core/work.js';
import * as activities from './activities.js';
import { readEnding } from './failures.js';
import type { Steering } from './steering.js';

/** With what the lanes still add a run stays under 2,000 events, well below Temporal's warning at 10,240. */
const EVENTS_PER_RUN = 1_900;

export interface LaneDeps {
  readonly job: JobRef;
  readonly board: Board;
  readonly steering: Steering;
  readonly changed: () => void;
}

/** Resolves when every partition is finished, or the steering has halted and every lane has flushed. */
export async function runLanes(deps: LaneDeps): Promise<void> {
  const lanes: Promise<void>[] = [];
  /** Lanes that have not left: those that have ended with the job count. */
  let open = 0;
  let reserved = 0;

  const loops = [guarded(planner), guarded(settler)];
  void keepLanes();
  await Promise.all(loops);
  // More lanes may have been asked for while the first ones ended.
  for (let ended = 0; ended < lanes.length;) {
    ended = lanes.length;
    await Promise.all(lanes);
  }

  async function guarded(loop: () => Promise<void>): Promise<void> {
    try {
      await loop();
    } catch (thrown) {
      const { error } = readEnding(thrown);
      if (error) deps.steering.stop({ reason: 'failed', error });
    }
  }

  /** Keeps the lanes in work: asks for the next page of the plan before they run dry. */
  async function planner(): Promise<void> {
    const { board, steering, job } = deps;
    startLanes();
    while (!board.plan.done && !steering.halt) {
      await condition(() => steering.halt !== null || board.pending.length < board.lanes);
      await steering.clearance();
      if (steering.halt) return;
      const { after, nextIndex } = board.plan;
      const summary = after === null ? 'looking at the source' : `planning after ${after}`;
      const input = { job, after, nextIndex, ...lanesAsked() };
      const page = await activities.plan.executeWithOptions({ summary }, [input]);
      if (page.wait) {
        steering.waitUntil(page.wait);
        continue;
      }
      if (page.barrier) {
        await condition(() => steering.halt !== null || isIdle(board));
        if (steering.halt) return;
      }
      addPlan(board, page);
      board.quota ??= page.requestsPerDay === null ? null : openQuota(page.requestsPerDay, Date.now());
      startLanes();
    }
  }

  function startLanes(): void {
    for (; open < deps.board.lanes; open += 1) lanes.push(guarded(lane));
    deps.changed();
  }

  /** Starts lanes that are asked for while the job runs. */
  async function keepLanes(): Promise<void> {
    const { board, steering } = deps;
    for (;;) {
      await condition(() => open < board.lanes && !steering.halt);
      startLanes();
    }
  }

  function lanesAsked(): { lanes?: number } {
    const { lanesAsked: asked } = deps.board;
    return asked === undefined ? {} : { lanes: asked };
  }

  function isSurplus(): boolean {
    return open > deps.board.lanes;
  }

  /** One lane is too many, and this one leaves. */
  function leaves(): boolean {
    if (!isSurplus()) return false;
    open -= 1;
    return true;
  }

  /** Hands finished heads over to the sink before there are too many to carry. */
  async function settler(): Promise<void> {
    const { board, steering, job } = deps;
    const full = (): boolean => isFull(board);
    while (!steering.halt) {
      await condition(() => full() || isAllDone(board) || steering.halt !== null);
      if (!full()) return;
      const heads = [...board.heads];
      const summary = `settling ${heads.length} partitions`;
      board.settled = await activities.settle.executeWithOptions({ summary }, [
        { job, heads, settled: board.settled },
      ]);
      board.heads = board.heads.slice(heads.length);
    }
  }

  async function lane(): Promise<void> {
    const { board, steering } = deps;
    for (;;) {
      await steering.clearance();
      await condition(() => steering.halt !== null || isSurplus() || canTake(board) || isAllDone(board));
      if (steering.halt || isAllDone(board) || leaves()) return;
      if (board.paused || board.wait || !canTake(board)) continue;
      const work = take(board);
      if (work) await chunk(work);
    }
  }

  async function chunk(work: PartitionWork): Promise<void> {
    const requests = reserve();
    if (requests === 0) {
      putBack(deps.board, work, work.checkpoint);
      if (reserved === 0) deps.steering.waitUntil(untilRenewed(Date.now()));
      else await condition(() => reserved === 0 || deps.steering.halt !== null);
      return;
    }
    reserved += requests ?? 0;
    deps.changed();
    await copyChunk(work, requests);
    reserved -= requests ?? 0;
    deps.changed();
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if (continueAsNewSuggested || historyLength > EVENTS_PER_RUN) deps.steering.stop({ reason: 'continue' });
  }

  async function copyChunk(work: PartitionWork, requests: number | null): Promise<void> {
    const { job, steering } = deps;
    try {
      const summary = summaryOf(work);
      const input = { job, work, requests, ...paceOfLane(), ...rejectsLeft() };
      const copying = () => activities.copy.executeWithOptions({ summary }, [input]);
      arrived(work, await steering.interruptible(copying));
    } catch (thrown) {
      const { error, checkpoint } = readEnding(thrown);
      putBack(deps.board, work, checkpoint ?? work.checkpoint);
      if (error)
        steering.stop({
          reason: 'failed',
          error: { ...error, stream: work.stream, partition: work.partition.id },
        });
    }
  }

  function arrived(work: PartitionWork, { end, checkpoint, wait }: ChunkResult): void {
    const { board, steering } = deps;
    const before = work.checkpoint?.tallies.requests ?? 0;
    if (board.quota) board.quota = spend(board.quota, checkpoint.tallies.requests - before, Date.now());
    putBack(board, work, checkpoint);
    if (end === 'waiting' && wait) steering.waitUntil(wait);
    const { rejects } = tallies(board);
    const most = mostRejects(deps.job.spec);
    if (rejects > most) steering.stop({ reason: 'failed', error: rejectsExceeded(rejects, most) });
  }

  function paceOfLane(): { requestsPerSecond?: number } {
    const share = laneShare(deps.board);
    return share === undefined ? {} : { requestsPerSecond: share };
  }

  /** Left out where none or any number may be. */
  function rejectsLeft(): { rejects?: number } {
    const most = mostRejects(deps.job.spec);
    if (most === 0 || most === Infinity) return {};
    return { rejects: Math.max(0, most - tallies(deps.board).rejects) };
  }

  /** How many requests the next chunk may send; null: as many as it likes. */
  function reserve(): number | null {
    const { board } = deps;
    if (!board.quota) return null;
    board.quota = today(board.quota, Date.now());
    return share(board.quota, reserved, board.lanes);
  }
}

/** `orders 3/8 · from record 1200000`: what the Web UI shows beside the activity. */
function summaryOf({ stream, partition, checkpoint }: PartitionWork): string {
  const { records } = checkpoint?.tallies ?? NO_TALLIES;
  return records === 0
    ? `${stream} · partition ${partition.id}`
    : `${stream} · partition ${partition.id} · from record ${records}`;
}
