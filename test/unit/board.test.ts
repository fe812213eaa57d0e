// The state of a job and every way it changes.
import { describe, expect, test } from 'vitest';
import {
  addPlan,
  askLanes,
  askPace,
  canTake,
  carry,
  estimatedRecords,
  isAllDone,
  isFull,
  openBoard,
  laneShare,
  putBack,
  streamsView,
  take,
  tallies,
  type Board,
} from '../../src/core/board.js';
import { NO_TALLIES, START, type Checkpoint } from '../../src/core/checkpoint.js';
import type { Json } from '../../src/core/json.js';
import type { PlanPage } from '../../src/core/work.js';

const STARTED = '2026-01-01T00:00:00.000Z';
const STATE_LIMIT = 64 * 1_024;

interface Planned {
  readonly name: string;
  readonly estimate: number | null;
  readonly partitions: number;
  readonly range?: Json;
}

/** A page of the plan that goes on where the board's plan stands. */
function page(board: Board, streams: readonly Planned[], more: Partial<PlanPage> = {}): PlanPage {
  const parts = streams.flatMap(({ name, partitions, range = null }) =>
    Array.from({ length: partitions }, (_, i) => ({ stream: name, id: String(i), range })),
  );
  return {
    barrier: false,
    streams: streams.map(({ name, estimate, partitions }) => ({ name, estimate, partitions })),
    work: parts.map(({ stream, id, range }, i) => ({
      index: board.plan.nextIndex + i,
      stream,
      partition: { id, range, estimate: null },
      checkpoint: null,
    })),
    after: streams.at(-1)?.name ?? null,
    done: true,
    lanes: 2,
    requestsPerDay: null,
    ...more,
  };
}

function boardOf(...streams: readonly Planned[]): Board {
  const board = openBoard(STARTED);
  addPlan(board, page(board, streams));
  return board;
}

function at(records: number, more: Partial<Checkpoint> = {}): Checkpoint {
  return {
    cursor: records,
    done: false,
    sink: `head-${records}`,
    tallies: { ...NO_TALLIES, records },
    ...more,
  };
}

/** Takes the next partition and puts it back at so many records. */
function copy(board: Board, records: number, more: Partial<Checkpoint> = { done: true }): void {
  putBack(board, take(board)!, at(records, more));
}

describe('a board', () => {
  test('hands partitions out in the order of the plan, each once', () => {
    const board = boardOf(
      { name: 'a', estimate: 10, partitions: 2 },
      { name: 'b', estimate: 5, partitions: 1 },
    );
    const taken = [take(board), take(board), take(board)];
    expect(taken.map((work) => [work?.index, work?.stream])).toEqual([
      [0, 'a'],
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(take(board)).toBeUndefined();
    expect(isAllDone(board)).toBe(false);
  });

  test('counts on across the pages of a plan', () => {
    const board = openBoard(STARTED);
    addPlan(board, page(board, [{ name: 'a', estimate: 1, partitions: 3 }], { done: false }));
    expect(board.plan).toEqual({ after: 'a', done: false, nextIndex: 3 });
    addPlan(board, page(board, [{ name: 'b', estimate: 1, partitions: 2 }]));
    expect(board.pending.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(board.streamsTotal).toBe(2);
  });

  test('works in the lanes that were asked for, whatever later pages say, and within what is allowed', () => {
    const board = openBoard(STARTED);
    askLanes(board, 8);
    addPlan(board, { ...page(board, [], { done: false }), lanes: 2 });
    expect(board.lanes).toBe(8);
    addPlan(board, { ...page(board, []), lanes: 2, mostLanes: 3 });
    expect(board.lanes).toBe(3);
    const again = openBoard(STARTED, carry(board));
    askLanes(again, 64);
    expect([again.lanes, again.lanesAsked]).toEqual([3, 64]);
  });

  test('parts the pace among the lanes that find work, and carries it', () => {
    const board = openBoard(STARTED);
    addPlan(board, {
      ...page(board, [{ name: 'a', estimate: 10, partitions: 3 }], { done: false }),
      lanes: 4,
    });
    expect(laneShare(board)).toBeUndefined();
    askPace(board, 12);
    expect(laneShare(board)).toBe(3);
    addPlan(board, { ...page(board, []), lanes: 4 });
    expect(laneShare(board)).toBe(4);
    copy(board, 10, { done: true });
    expect(laneShare(board)).toBe(6);
    const again = openBoard(STARTED, carry(board));
    expect(laneShare(again)).toBe(6);
    askPace(again, null);
    expect([laneShare(again), 'requestsPerSecond' in carry(again)]).toEqual([undefined, false]);
  });

  test('goes on first with what was begun', () => {
    const board = boardOf({ name: 'a', estimate: 10, partitions: 3 });
    copy(board, 4, {});
    expect(take(board)).toMatchObject({ index: 0, checkpoint: { cursor: 4 } });
  });

  test('keeps a partition that came back without a new checkpoint as it was', () => {
    const board = boardOf({ name: 'a', estimate: 10, partitions: 1 });
    putBack(board, take(board)!, null);
    expect(take(board)).toMatchObject({ index: 0, checkpoint: null });
  });

  test('keeps the heads of what is finished, and is all done with the last one', () => {
    const board = boardOf({ name: 'a', estimate: 10, partitions: 2 });
    copy(board, 4);
    expect(isAllDone(board)).toBe(false);
    copy(board, 6);
    expect(isAllDone(board)).toBe(true);
    expect(board.heads).toEqual([
      { stream: 'a', index: 0, partition: '0', state: 'head-4', records: 4 },
      { stream: 'a', index: 1, partition: '1', state: 'head-6', records: 6 },
    ]);
  });

  test('is not all done while there is more to plan', () => {
    const board = openBoard(STARTED);
    addPlan(board, page(board, [], { done: false }));
    expect(isAllDone(board)).toBe(false);
    addPlan(board, page(board, []));
    expect(isAllDone(board)).toBe(true);
  });

  test('counts finished partitions, and the checkpoints of the others', () => {
    const board = boardOf({ name: 'a', estimate: 10, partitions: 3 });
    copy(board, 4);
    copy(board, 3, {});
    expect(tallies(board).records).toBe(7);
    take(board);
    expect(tallies(board).records).toBe(7);
  });

  test('settles heads when there are many, or when they are large', () => {
    const board = boardOf({ name: 'a', estimate: null, partitions: 60 });
    for (let i = 0; i < 49; i += 1) copy(board, 1);
    expect(isFull(board)).toBe(false);
    copy(board, 1);
    expect(isFull(board)).toBe(true);
    const large = boardOf({ name: 'a', estimate: null, partitions: 60 });
    for (let i = 0; i < 5; i += 1) copy(large, 1, { done: true, sink: 'x'.repeat(3_500) });
    expect(isFull(large)).toBe(true);
  });

  test('begins nothing while far too many heads wait to be settled', () => {
    const board = boardOf({ name: 'a', estimate: null, partitions: 200 });
    while (canTake(board)) copy(board, 1);
    expect(board.heads).toHaveLength(100);
    board.heads = [];
    expect(canTake(board)).toBe(true);
  });
});

describe('the expected records of a job', () => {
  test('are unknown until all is planned, and while a stream cannot tell', () => {
    const board = openBoard(STARTED);
    addPlan(board, page(board, [{ name: 'a', estimate: 10, partitions: 1 }], { done: false }));
    expect(estimatedRecords(board)).toBeNull();
    addPlan(board, page(board, [{ name: 'b', estimate: 5, partitions: 1 }]));
    expect(estimatedRecords(board)).toBe(15);
    expect(estimatedRecords(boardOf({ name: 'a', estimate: null, partitions: 1 }))).toBeNull();
  });

  test('give way to what a stream held once it is finished', () => {
    const board = boardOf(
      { name: 'a', estimate: 10, partitions: 2 },
      { name: 'b', estimate: 5, partitions: 1 },
    );
    copy(board, 3);
    expect(estimatedRecords(board)).toBe(15);
    copy(board, 4);
    expect(estimatedRecords(board)).toBe(7 + 5);
  });

  test('are never fewer than there are', () => {
    const board = boardOf({ name: 'a', estimate: 1, partitions: 2 });
    copy(board, 30, {});
    expect(estimatedRecords(board)).toBe(30);
  });
});

describe('the streams that are shown', () => {
  test('say how far each is, the running ones first', () => {
    const board = boardOf(
      { name: 'a', estimate: 1, partitions: 1 },
      { name: 'b', estimate: 2, partitions: 2 },
      { name: 'c', estimate: 3, partitions: 1 },
    );
    copy(board, 4);
    copy(board, 5, {});
    take(board);
    expect(
      streamsView(board).map(({ name, state, records, partitions }) => [name, state, records, partitions]),
    ).toEqual([
      ['b', 'running', 5, { done: 0, running: 1, total: 2 }],
      ['a', 'completed', 4, { done: 1, running: 0, total: 1 }],
      ['c', 'queued', 0, { done: 0, running: 0, total: 1 }],
    ]);
  });

  test('stay few while thousands go by, and their sums stay right', () => {
    const board = openBoard(STARTED);
    for (let n = 0; n < 3_000; n += 1) {
      addPlan(board, page(board, [{ name: `s${n}`, estimate: 2, partitions: 1 }], { done: n === 2_999 }));
      copy(board, 3);
      expect(board.streams.length).toBeLessThanOrEqual(20);
      board.heads = [];
    }
    expect([board.streamsTotal, tallies(board).records, estimatedRecords(board)]).toEqual([
      3_000, 9_000, 9_000,
    ]);
  });
});

describe('the state that is carried', () => {
  const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

  test('opens the same board again, with what was running first in line', () => {
    const board = boardOf(
      { name: 'a', estimate: 10, partitions: 4 },
      { name: 'b', estimate: null, partitions: 1 },
    );
    copy(board, 4);
    copy(board, 3, {});
    board.paused = true;
    board.wait = { until: 5, reason: 'retry-after' };
    board.quota = { perDay: 10, day: '2026-01-01', used: 3 };
    const third = take(board)!;
    const state = throughJson(carry(board));
    const again = openBoard('later', state);
    expect(again.startedAt).toBe(STARTED);
    expect(again.running.size).toBe(0);
    expect(again.pending.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(again.pending.find(({ index }) => index === third.index)).toEqual(third);
    expect(carry(again)).toEqual(state);
    expect(tallies(again)).toEqual(tallies(board));
    expect([again.paused, again.wait, again.quota]).toEqual([board.paused, board.wait, board.quota]);
  });

  test('is not changed by the board that was opened from it', () => {
    const state = carry(boardOf({ name: 'a', estimate: 10, partitions: 2 }));
    const before = throughJson(state);
    copy(openBoard(STARTED, state), 4);
    expect(state).toEqual(before);
  });

  /** What the archive returns for a flush. */
  const chain = (i: number) => ({
    path: `.work/parts/public.some_table_${i}/0/000012-${'0'.repeat(16)}.json`,
    sha256: 'f'.repeat(64),
    seq: 12,
    segments: 13,
    records: 1_234_567,
  });
  const many = {
    records: 1_234_567,
    bytes: 123_456_789_012,
    pages: 12_345,
    requests: 12_345,
    retries: 3,
    rejects: 0,
  };
  const range = { after: 'ä'.repeat(30), upto: 'z'.repeat(60) };

  /** Five partitions a stream, all lanes at work at cursors of 1 KiB, heads nearly enough to settle. */
  function crowded(lanes: number, partitions: number, cursor = 'c'.repeat(1_024)): Board {
    const streams = Array.from({ length: partitions / 5 }, (_, i) => ({
      name: `public.some_table_${String(i).padStart(2, '0')}`,
      estimate: 1_000_000,
      partitions: 5,
      range,
    }));
    const board = openBoard(STARTED);
    addPlan(board, page(board, streams, { lanes }));
    const works = Array.from({ length: lanes }, () => take(board)!);
    for (const work of works) {
      putBack(board, work, {
        cursor: { after: cursor },
        done: false,
        sink: chain(work.index),
        tallies: many,
      });
    }
    for (let i = 0; i < 49; i += 1) {
      board.heads.push({
        stream: 'public.before',
        index: 1_000 + i,
        partition: '0',
        state: chain(i),
        records: 9,
      });
    }
    return board;
  }

  test('is whole while it is small', () => {
    const board = crowded(8, 40);
    expect(carry(board).pending).toEqual(board.pending.toSorted((a, b) => a.index - b.index));
  });

  test('stays below 64 KiB with 64 lanes at large cursors and 100 partitions to come', () => {
    const board = crowded(64, 165);
    expect(bytesOf({ ...board, running: null })).toBeGreaterThan(2 * STATE_LIMIT);
    const state = carry(board);
    expect(bytesOf(state)).toBeLessThan(STATE_LIMIT);
    expect(tallies(openBoard(STARTED, state))).toEqual(tallies(board));
  });

  test('leaves out the largest breadcrumbs only, each whole', () => {
    const board = crowded(40, 40);
    const kept = carry(board).pending.filter(({ checkpoint }) => checkpoint?.cursor !== null);
    const left = carry(board).pending.filter(({ checkpoint }) => checkpoint?.cursor === null);
    expect(kept.length).toBeGreaterThan(20);
    expect(left.length).toBeGreaterThan(0);
    expect(left.map(({ checkpoint }) => checkpoint)).toEqual(left.map(() => ({ ...START, tallies: many })));
  });

  test('leaves out whole streams at the end of the plan, which are planned again', () => {
    const board = crowded(64, 165, 'c');
    const state = carry(board);
    expect(state.plan.done).toBe(false);
    const again = openBoard(STARTED, state);
    const left = board.streams.slice(state.streams.length);
    expect(left.length).toBeGreaterThan(0);
    expect(state.plan.after).toBe(state.streams.at(-1)?.name);
    addPlan(
      again,
      page(
        again,
        left.map((stream) => ({ ...stream, partitions: stream.total, range })),
      ),
    );
    const places = ({ pending }: Board) =>
      new Map(pending.map(({ index, stream, partition }) => [index, { stream, partition }]));
    expect(places(again)).toEqual(places(board));
    expect(again.streams).toEqual(board.streams);
    expect([again.plan, again.streamsTotal]).toEqual([board.plan, board.streamsTotal]);
    expect(estimatedRecords(again)).toBe(estimatedRecords(board));
  });
});
