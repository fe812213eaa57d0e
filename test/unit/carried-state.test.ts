// The state that a job's workflow carries stays small at any number of streams, were their names and keys as long as
// databases allow.
import { expect, test } from 'vitest';
import { planPage } from '../../src/activities/plan.js';
import type { OpenJob } from '../../src/activities/open.js';
import {
  addPlan,
  carry,
  HEADS_HELD,
  isAllDone,
  openBoard,
  putBack,
  take,
  type Board,
} from '../../src/core/board.js';
import { START, type Checkpoint } from '../../src/core/checkpoint.js';
import type { Context, Sink, Source } from '../../src/core/connector.js';
import type { PartitionWork } from '../../src/core/work.js';

/** Bytes of a payload in Temporal's history. */
const LARGEST = 65_536;

const STREAMS = 3_000;
const LONGEST_NAME = 127;
const KEY = 'k'.repeat(200);
const LANES = 4;

const job = {
  id: 'backup-main-20260101t000000-abcdef',
  createdAt: '2026-01-01T00:00:00.000Z',
  spec: { kind: 'backup', source: { connection: 'main' }, sink: { connection: 'vault' } },
} as const;
const nothing = { request() {}, retry() {}, waiting() {} };
const never = new AbortController().signal;
const ctx: Context = { stop: never, signal: never, meter: nothing };

/** Streams of so many records each: small ones make one part, large ones many that begin and end with long keys. */
function sourceOf(estimate: number): Source {
  const end = estimate === 1 ? null : [KEY];
  return {
    async *streams() {
      for (let n = 0; n < STREAMS; n++) {
        const name = `${'n'.repeat(LONGEST_NAME - 6)}${String(n).padStart(6, '0')}`;
        yield { name, key: ['id'], encoding: 'csv', schema: null, estimate };
      }
    },
    async *partitions(_ctx, _stream, want) {
      for (let part = 0; part < want; part++) {
        yield { id: String(part), range: { shape: 'x'.repeat(16), after: end, upto: end }, estimate };
      }
    },
    async *read() {},
    close: async () => {},
  };
}

async function plan(board: Board, source: Source): Promise<void> {
  const sink = { begin: async () => {} } as unknown as Sink;
  const open = { source, sink, limits: {} } as unknown as OpenJob;
  addPlan(board, await planPage(open, ctx, { job, ...board.plan }));
}

function checkpointOf({ stream, index }: PartitionWork, done: boolean): Checkpoint {
  const path = `.work/parts/${stream.slice(0, 94)}/0/${String(index).padStart(6, '0')}-${'a'.repeat(16)}.json`;
  const sink = { path, sha256: 'a'.repeat(64), seq: 1, segments: 1, records: 123_456 };
  return { ...START, cursor: { after: [KEY] }, done, sink };
}

/** Each lane takes a partition; then all put theirs back. */
function eachLane(board: Board, copied: (work: PartitionWork) => Checkpoint): void {
  const works = Array.from({ length: LANES }, () => take(board)).filter((work) => work !== undefined);
  for (const work of works) putBack(board, work, copied(work));
}

test.each([
  { what: 'small streams', estimate: 1 },
  { what: 'streams of many parts', estimate: 10_000_000 },
])('the carried state stays below 64 KiB while 3,000 $what go by', async ({ estimate }) => {
  const source = sourceOf(estimate);
  const board = openBoard(job.createdAt);
  let largest = 0;
  do {
    if (!board.plan.done && board.pending.length < LANES) await plan(board, source);
    // Settling takes its time: the other lanes finish some more meanwhile.
    if (board.heads.length >= HEADS_HELD + 2 * LANES) board.heads.splice(0, HEADS_HELD);
    eachLane(board, (work) => checkpointOf(work, false));
    largest = Math.max(largest, Buffer.byteLength(JSON.stringify(carry(board))));
    eachLane(board, (work) => checkpointOf(work, true));
  } while (!isAllDone(board));
  expect(board.streamsTotal).toBe(STREAMS);
  expect(largest).toBeLessThan(LARGEST);
});
