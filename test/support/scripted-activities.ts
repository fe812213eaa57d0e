// Activities for tests of workflow logic: data is counted instead of moved, and each chunk does what the script says.
import { CancelledFailure, Context } from '@temporalio/activity';
import { START, type Checkpoint } from '../../src/core/checkpoint.js';
import type { SealSummary } from '../../src/core/connector.js';
import { toFailure, ChunkError } from '../../src/activities/failures.js';
import type {
  Activities,
  ChunkResult,
  CopyInput,
  PlanInput,
  SealInput,
  SettleInput,
  PlanPage,
  Wait,
} from '../../src/core/work.js';

export interface Script {
  /** Streams in order, with the records of each partition. */
  readonly streams: Readonly<Record<string, readonly number[]>>;
  readonly streamsPerPlanPage?: number;
  /** Streams that have to wait for all before them; each the first of its page. */
  readonly barriers?: readonly string[];
  readonly lanes?: number;
  readonly requestsPerDay?: number;
  readonly planError?: Error;
  /** The first call of the plan is told to wait. */
  readonly planWait?: Wait;
  readonly discardError?: Error;
  /** What a chunk does; default: copies all that is left of its partition. */
  chunk?(input: CopyInput, left: number): Promise<ChunkResult> | ChunkResult;
  seal?(input: SealInput): Promise<SealSummary> | SealSummary;
}

export interface Calls {
  readonly plan: PlanInput[];
  readonly copy: CopyInput[];
  readonly settle: SettleInput[];
  readonly seal: SealInput[];
  readonly discard: number[];
}

/** Moves a checkpoint on by so many records, one request a record. */
export function advance({ work }: CopyInput, records: number, done: boolean): Checkpoint {
  const { tallies } = work.checkpoint ?? START;
  const moved = {
    records: tallies.records + records,
    bytes: tallies.bytes + records,
    pages: tallies.pages + 1,
  };
  const next = { ...tallies, ...moved, requests: tallies.requests + records };
  return { cursor: next.records, done, sink: `head-${work.index}`, tallies: next };
}

/** Runs until the chunk is cancelled, as a paused or cancelled one is. */
export async function untilCancelled(): Promise<void> {
  const { cancelled, heartbeat } = Context.current();
  const beats = setInterval(() => heartbeat(), 100);
  try {
    await cancelled;
  } catch (error) {
    if (!(error instanceof CancelledFailure)) throw error;
  } finally {
    clearInterval(beats);
  }
}

export const SEALED: SealSummary = { records: 10, bytes: 10, storedBytes: 10, segments: 1 };

/** Seals when it is asked for the second time; until then it works until it is told to stop, and ends by `stopped`. */
export function sealsAgain(stopped: () => SealSummary = cancelled): NonNullable<Script['seal']> {
  let begun = 0;
  return async () => {
    begun += 1;
    if (begun > 1) return SEALED;
    await untilCancelled();
    return stopped();
  };
}

function cancelled(): never {
  throw new CancelledFailure('stopped');
}

export function fails(error: unknown, checkpoint: Checkpoint): never {
  throw toFailure(new ChunkError(error, checkpoint, 'source'), 1, 0);
}

function waitingPage({ after }: PlanInput, wait: Wait): PlanPage {
  return { wait, streams: [], work: [], after, done: false, lanes: 1, requestsPerDay: null };
}

export function scriptedActivities(script: Script): { activities: Activities; calls: Calls } {
  const calls: Calls = { plan: [], copy: [], settle: [], seal: [], discard: [] };
  const names = Object.keys(script.streams);

  const activities: Activities = {
    plan: async (input) => {
      calls.plan.push(input);
      if (script.planWait && calls.plan.length === 1) return waitingPage(input, script.planWait);
      if (script.planError) throw toFailure(script.planError, 1, 0);
      const from = input.after === null ? 0 : names.indexOf(input.after) + 1;
      const page = names.slice(from, from + (script.streamsPerPlanPage ?? names.length));
      const parts = page.flatMap((stream) =>
        (script.streams[stream] ?? []).map((estimate, i) => ({ stream, estimate, i })),
      );
      return {
        barrier: page.some((name) => script.barriers?.includes(name)),
        streams: page.map((name) => {
          const sizes = script.streams[name] ?? [];
          return { name, partitions: sizes.length, estimate: sizes.reduce((a, b) => a + b, 0) };
        }),
        work: parts.map(({ stream, estimate, i }, offset) => ({
          index: input.nextIndex + offset,
          stream,
          partition: { id: String(i), range: null, estimate },
          checkpoint: null,
        })),
        after: page.at(-1) ?? null,
        done: from + page.length >= names.length,
        lanes: script.lanes ?? 2,
        requestsPerDay: script.requestsPerDay ?? null,
      };
    },
    copy: async (input) => {
      calls.copy.push(input);
      const { stream, partition, checkpoint } = input.work;
      const left = (script.streams[stream]?.[Number(partition.id)] ?? 0) - (checkpoint?.tallies.records ?? 0);
      return script.chunk?.(input, left) ?? { end: 'exhausted', checkpoint: advance(input, left, true) };
    },
    settle: async (input) => {
      calls.settle.push(input);
      return { settled: ((input.settled as { settled: number } | null)?.settled ?? 0) + input.heads.length };
    },
    seal: async (input) => {
      calls.seal.push(input);
      return script.seal?.(input) ?? { records: 0, bytes: 0, storedBytes: 0, segments: 0 };
    },
    discard: async () => {
      calls.discard.push(Date.now());
      if (script.discardError) throw toFailure(script.discardError, 1, 0);
    },
    checkConnection: async ({ connection }) => ({ connection, ok: true, detail: '', error: null }),
    removeArchive: async () => ({ error: null }),
  };
  return { activities, calls };
}
