// A restore into a fake API in this process, by the engine's own plan and chunks: an archive, a connection, and what the
// workflow would do with them.
import { createChunk, type ChunkOptions } from '../../src/activities/chunk.js';
import type { Clock } from '../../src/activities/clock.js';
import { withColumns } from '../../src/activities/columns.js';
import type { Sides } from '../../src/activities/sides/places.js';
import { patiently } from '../../src/activities/patience.js';
import { planPage } from '../../src/activities/plan.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { readRejects, type LoggedReject } from '../../src/archive/rejects-reader.js';
import { createRejectsSource } from '../../src/archive/rejects-source.js';
import { createArchiveSource } from '../../src/archive/source.js';
import type { HttpConnection, HttpWrite } from '../../src/config/http.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import type { Head, SealSummary, Sink, Source } from '../../src/core/connector.js';
import type { SinkOptions } from '../../src/core/registry.js';
import type { PartitionWork, PlanPage } from '../../src/core/work.js';
import { ARCHIVE, sealedArchive } from './archives.js';
import { startFakeTarget, type FakeTarget, type FakeTargetOptions } from './fake-target.js';
import { collect, testContext } from './reading.js';
import { jsonPage, stream, type Work } from './writing.js';

export interface ApiJobOptions {
  /** The records of each stream. */
  readonly records: Readonly<Record<string, readonly string[]>>;
  /** How each stream is written. Default: POST, one record a request. */
  readonly write?: Readonly<Record<string, Partial<HttpWrite>>>;
  readonly target?: FakeTargetOptions;
  readonly connection?: Partial<HttpConnection>;
  readonly sink?: Partial<SinkOptions>;
  /** A chunk tries again by itself, in no time; default: no. */
  readonly patient?: boolean;
  /** Of the archive. */
  readonly segmentBytes?: number;
}

type Start = Partial<Omit<ChunkOptions, 'stop' | 'signal'>>;

export interface ApiJob {
  readonly target: FakeTarget;
  readonly store: SinkOptions['beside']['store'];
  sink(options?: Partial<SinkOptions>): Sink;
  source(sink?: Sink): Source;
  /** All partitions, in the order in which they are worked. */
  plan(sides?: Sides): Promise<PartitionWork[]>;
  chunk(work: PartitionWork, start?: Start): ReturnType<typeof createChunk> & { stop(): void; abort(): void };
  /** Plans, copies each partition to its end and seals. */
  restore(sides?: Sides): Promise<SealSummary>;
  /** That the job has set aside. */
  rejects(folder?: string): Promise<LoggedReject[]>;
  /** What another job reads and writes that tries this one's rejects again. */
  again(options?: Partial<SinkOptions>): Sides;
  dispose(): Promise<void>;
}

export const EVERY_PAGE = { seconds: 3_600, bytes: Infinity, pages: 1, requests: Infinity };
const FOLDER = '.jobs/restore-1';
const AGAIN = '.jobs/restore-2';

export async function openApiJob(options: ApiJobOptions): Promise<ApiJob> {
  const { records, segmentBytes } = options;
  const archive = await sealedArchive(workOf(records), segmentBytes === undefined ? {} : { segmentBytes });
  const { store } = archive;
  const target = await startFakeTarget(options.target);
  const connection = createHttpConnection('crm', configOf(options, target.url));
  const clock = quickClock();

  const sink = (more: Partial<SinkOptions> = {}) =>
    connection.sink!({
      job: 'restore-1',
      mode: 'insert',
      create: false,
      rejects: false,
      remap: {},
      beside: { store, folder: FOLDER, before: null },
      patiently: (ctx, step) => (options.patient ? patiently(ctx, clock, step) : step()),
      ...options.sink,
      ...more,
    });

  const source = (of = sink()) =>
    withColumns(
      createArchiveSource(store, ARCHIVE, {
        onDamage: 'fail',
        pageRecords: (name) => of.pageRecords!(name),
      }),
      createArchiveSource(store, ARCHIVE, { onDamage: 'fail' }),
    );

  const sidesOf = (own: Sink): Sides => ({ source: source(own), sink: own, limits: {} });

  async function plan(sides = sidesOf(sink())): Promise<PartitionWork[]> {
    const work: PartitionWork[] = [];
    let page: PlanPage | null = null;
    do {
      const spec = { kind: 'restore', source: { connection: 'vault', archive: ARCHIVE } } as const;
      const job = { id: 'restore-1', spec: { ...spec, sink: { connection: 'crm' } }, createdAt: '' };
      page = await planPage(sides, testContext(), {
        job,
        after: page?.after ?? null,
        nextIndex: work.length,
      });
      work.push(...page.work);
    } while (!page.done);
    return work;
  }

  const chunk: ApiJob['chunk'] = (work, start = {}) => {
    const [stop, signal] = [new AbortController(), new AbortController()];
    const own = start.sink ?? sink();
    const made = createChunk({
      source: source(own),
      sink: own,
      work,
      from: null,
      policy: EVERY_PAGE,
      requests: null,
      rejects: {
        log: createRejectsLog(store, FOLDER),
        allowed: Infinity,
      },
      clock,
      ...start,
      stop: stop.signal,
      signal: signal.signal,
    });
    return { ...made, stop: () => stop.abort(), abort: () => signal.abort() };
  };

  return {
    target,
    store,
    sink,
    source,
    plan,
    chunk,
    async restore(sides = sidesOf(sink())) {
      const heads: Head[] = [];
      for (const work of await plan(sides)) {
        heads.push(headOf(work, await toEnd((checkpoint) => chunk({ ...work, checkpoint }, sides))));
      }
      const settled = await sides.sink.settle(testContext(), heads.slice(1), null);
      return sides.sink.seal(testContext(), { heads: heads.slice(0, 1), settled, report: {} });
    },
    rejects: async (folder = FOLDER) =>
      (await collect(readRejects(store, folder))).map(({ reject }) => reject),
    again(more) {
      const own = sink({ job: 'restore-2', beside: { store, folder: AGAIN, before: FOLDER }, ...more });
      return { source: createRejectsSource(source(own), store, FOLDER), sink: own, limits: {} };
    },
    async dispose() {
      await target.close();
      await archive.dispose();
    },
  };
}

/** Chunk after chunk, each from where the one before ended. */
export async function toEnd(
  begin: (checkpoint: Checkpoint | null) => ReturnType<typeof createChunk>,
  from: Checkpoint | null = null,
): Promise<Checkpoint> {
  let checkpoint = from;
  for (;;) {
    const { end, checkpoint: reached } = await begin(checkpoint).run();
    if (end === 'exhausted') return reached;
    checkpoint = reached;
  }
}

export function headOf({ stream: name, index, partition }: PartitionWork, end: Checkpoint): Head {
  const { sink: state, tallies } = end;
  return { stream: name, index, partition: partition.id, state, records: tallies.records };
}

/** Time passes only where it is slept away. */
function quickClock(): Clock {
  let slept = 0;
  return {
    now: () => Date.now() + slept,
    sleep: async (ms) => void (slept += ms),
  };
}

function workOf(records: ApiJobOptions['records']): Work {
  const names = Object.keys(records).toSorted();
  return {
    streams: names.map((name) => ({ ...stream(name), schema: null })),
    parts: names.map((name, index) => ({
      target: { stream: name, partition: '0', index },
      flushes: [records[name]!.map((record) => jsonPage(record))],
    })),
  };
}

function configOf({ records, write, connection }: ApiJobOptions, baseUrl: string): HttpConnection {
  const streams = Object.keys(records).map((name) => {
    const own: HttpWrite = { method: 'POST', path: `/${name}`, ...write?.[name] };
    return [name, { path: `/${name}`, records: 'data', paginator: { type: 'single_page' }, write: own }];
  });
  return {
    type: 'http',
    baseUrl,
    ...connection,
    streams: Object.fromEntries(streams) as HttpConnection['streams'],
  };
}
