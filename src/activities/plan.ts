// One page of the plan: the next streams of the source, cut into partitions.
import type { Context, Partition, Stream } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { PartitionWork, PlanInput, PlanPage } from '../core/work.js';
import type { Sides } from './sides/places.js';

/** A page of the plan stays small, names included, since the workflow carries it: whole streams until one of these is reached. */
const MOST_PARTITIONS = 100;
const MOST_BYTES = 16_384;

const DEFAULT_LANES = 4;
/** Below this a stream is not worth cutting; above it there is work for every lane. */
const CUT_FROM_RECORDS = 20_000;
/** A partition is about a chunk or two, so that lanes stay even to the end. */
const RECORDS_PER_PARTITION = 1_000_000;
const MOST_CUTS = 64;
const OBJECT_PARTITIONS_A_LANE = 4;

interface Planned {
  readonly stream: Stream;
  readonly partitions: readonly Partition[];
}

export async function planPage(open: Sides, ctx: Context, input: PlanInput): Promise<PlanPage> {
  const { sink, limits } = open;
  const { spec } = input.job;
  const wanted = input.lanes ?? spec.options?.lanes ?? DEFAULT_LANES;
  const lanes = Math.min(wanted, limits.concurrency ?? Infinity);
  const planned: Planned[] = [];
  let done = true;
  let barrier = false;

  for await (const { stream, begins } of streamsAfter(open, ctx, input)) {
    if (begins && planned.length > 0) {
      done = false;
      break;
    }
    barrier ||= begins;
    planned.push({ stream, partitions: await partitionsOf(open, ctx, stream, lanes) });
    done = countOf(planned) < MOST_PARTITIONS && sizeOf(planned) < MOST_BYTES;
    if (!done) break;
  }
  await sink.begin(
    ctx,
    planned.map((p) => p.stream),
  );

  const work = planned.flatMap((p) =>
    p.partitions.map((partition) => ({ stream: p.stream.name, partition })),
  );
  return {
    barrier,
    streams: planned.map((p) => ({
      name: p.stream.name,
      estimate: p.stream.estimate,
      partitions: p.partitions.length,
    })),
    work: work.map((part, i): PartitionWork => ({ index: input.nextIndex + i, checkpoint: null, ...part })),
    after: planned.at(-1)?.stream.name ?? input.after,
    done,
    lanes,
    ...(limits.concurrency !== undefined && { mostLanes: limits.concurrency }),
    requestsPerDay: limits.requestsPerDay ?? null,
  };
}

/** A page with nothing on it, where the source says when to come back; throws any other error again. */
export function waitingPage({ after }: PlanInput, error: unknown): PlanPage {
  if (!(error instanceof LonghaulError) || error.reaction !== 'throttled' || error.until === undefined)
    throw error;
  const wait = { until: error.until, reason: error.message };
  return { wait, streams: [], work: [], after, done: false, lanes: 1, requestsPerDay: null };
}

interface PlannedStream {
  readonly stream: Stream;
  /** It is the first of a stage that has another one before it. */
  readonly begins: boolean;
}

/** In the source's order, by name, unless the sink has one of its own. */
async function* streamsAfter(
  { source, sink }: Sides,
  ctx: Context,
  { job, after }: PlanInput,
): AsyncGenerator<PlannedStream> {
  const { streams: names } = job.spec.source;
  if (sink.stages) {
    const all = new Map<string, Stream>();
    for await (const stream of source.streams(ctx, names)) all.set(stream.name, stream);
    yield* staged(all, await sink.stages(ctx, [...all.values()]), after);
    return;
  }
  for await (const stream of source.streams(ctx, names, after ?? undefined)) {
    if (after === null || stream.name > after) yield { stream, begins: false };
  }
}

function staged(
  streams: ReadonlyMap<string, Stream>,
  stages: readonly (readonly string[])[],
  after: string | null,
): PlannedStream[] {
  const order = stages.flatMap((names, stage) =>
    names.map((name, place) => ({ name, begins: stage > 0 && place === 0 })),
  );
  const from = order.findIndex(({ name }) => name === after) + 1;
  return order.slice(from).map(({ name, begins }) => ({ stream: streams.get(name)!, begins }));
}

/** Cut again into fewer parts where their descriptions would be too large to carry. */
async function partitionsOf(open: Sides, ctx: Context, stream: Stream, lanes: number): Promise<Partition[]> {
  for (let want = cutsOf(stream, lanes); ; want = Math.floor(want / 2)) {
    const partitions: Partition[] = [];
    for await (const partition of open.source.partitions(ctx, stream, want)) partitions.push(partition);
    if (want <= 1 || sizeOf([{ stream, partitions }]) < MOST_BYTES) return partitions;
  }
}

function cutsOf({ estimate, encoding }: Stream, lanes: number): number {
  // A few objects can be as much work as any number of records, and no cut among them is even.
  if (encoding === 'tar') return Math.min(MOST_CUTS, lanes * OBJECT_PARTITIONS_A_LANE);
  if (estimate === null) return lanes;
  if (estimate < CUT_FROM_RECORDS) return 1;
  return Math.min(MOST_CUTS, Math.max(lanes, Math.ceil(estimate / RECORDS_PER_PARTITION)));
}

const countOf = (planned: readonly Planned[]): number =>
  planned.reduce((sum, { partitions }) => sum + partitions.length, 0);

/** Letters of the names (one for the stream, one for each partition) and of the partitions. */
function sizeOf(planned: readonly Planned[]): number {
  const carried = planned.map(({ stream: { name }, partitions }) => [name, partitions.map((p) => [name, p])]);
  return Buffer.byteLength(JSON.stringify(carried));
}
