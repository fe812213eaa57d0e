// Comparisons without an engine, for tests: sources over lists, a job that flushes, dies and seals as it is told to, and
// what must come of it, worked out in memory.
import { readDifferences, type Difference } from '../../src/compare/differences.js';
import { createPair } from '../../src/compare/pair.js';
import { createCompareSink } from '../../src/compare/sink.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type {
  Cursor,
  Head,
  Page,
  Partition,
  Payload,
  SealSummary,
  Sink,
  Source,
  Stream,
} from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Json } from '../../src/core/json.js';
import type { Store } from '../../src/core/store.js';
import { createMemoryStore, newSpace } from './memory-store.js';
import { collect, testContext } from './reading.js';
import { REPORT } from './writing.js';

export interface ListedStream {
  readonly key: readonly string[];
  /** Of CSV; absent: JSON lines. */
  readonly header?: string;
  /** Without their line ends. */
  readonly records: readonly string[];
}

export type Listed = Readonly<Record<string, ListedStream>>;

/** A page a `pageSize` records; a partition each part of them. */
export function listSource(streams: Listed, pageSize: number): Source {
  return {
    async *streams(_ctx, names) {
      const unknown = names?.find((name) => streams[name] === undefined);
      if (unknown !== undefined) throw new LonghaulError('stream_unknown', `there is no ${unknown}`);
      for (const name of [...(names ?? Object.keys(streams))].sort()) yield streamOf(name, streams[name]!);
    },
    async *partitions(_ctx, { name }, want) {
      const { length } = streams[name]!.records;
      for (let part = 0; part < want; part += 1) {
        const range = {
          start: Math.floor((length * part) / want),
          end: Math.floor((length * (part + 1)) / want),
        };
        yield { id: String(part), range, estimate: null };
      }
    },
    async *read(_ctx, name, partition, from) {
      const { start, end } = partition.range as { start: number; end: number };
      for (let at = (from as number | null) ?? start; at < end; at += pageSize) {
        const until = Math.min(at + pageSize, end);
        yield pageOf(streams[name]!, streams[name]!.records.slice(at, until), until === end ? null : until);
      }
    },
    close: async () => undefined,
  };
}

function streamOf(name: string, { key, header, records }: ListedStream): Stream {
  return {
    name,
    key,
    encoding: header === undefined ? 'jsonl' : 'csv',
    schema: null,
    estimate: records.length,
  };
}

function pageOf({ header }: ListedStream, records: readonly string[], next: number | null): Page {
  const chunks = [Buffer.from(records.map((record) => `${record}\n`).join(''))];
  const payload: Payload =
    header === undefined
      ? { format: 'jsonl', chunks }
      : { format: 'csv', header: Buffer.from(`${header}\n`), chunks };
  return { payload, records: records.length, next };
}

export const FOLDER = '.jobs/verify-1';

/** What a job does at each of its steps, over and over: whether it flushes a page, is killed, forgets what it knew. */
export type Steps = () => 'go on' | 'flush' | 'die' | 'die unheard' | 'die tidily';

export interface CompareJob {
  readonly store: Store;
  /** Paths of what lies in the store. */
  files(): string[];
  sinkOn(store: Store): Sink;
  /** Reads everything, whatever happens on the way. */
  copy(archive: Source, against: Source, steps: Steps): Promise<Copied>;
  seal(copied: Copied, sink?: Sink): Promise<SealSummary>;
  differences(): Promise<Difference[]>;
}

export interface Copied {
  readonly heads: readonly Head[];
  readonly settled: Json | null;
}

export function openCompareJob(): CompareJob {
  const space = newSpace();
  const store = createMemoryStore(space);
  const sinkOn = (on: Store) =>
    createCompareSink(on, {
      folder: FOLDER,
      job: 'verify-1',
      createdAt: '2026-01-02T03:04:05.000Z',
      source: { connection: 'crm', type: 'memory' },
    });
  return {
    store,
    files: () => [...space.objects.keys()],
    sinkOn,
    copy: (archive, against, steps) => copyAll(sinkOn(store), createPair(archive, against), steps),
    seal: (copied, sink = sinkOn(store)) => sink.seal(testContext(), { ...copied, report: REPORT }),
    differences: () => allDifferences(store),
  };
}

async function copyAll(sink: Sink, pair: Source, steps: Steps): Promise<Copied> {
  const ctx = testContext();
  let heads: Head[] = [];
  let settled: Json | null = null;
  let index = 0;
  const streams = await collect(pair.streams(ctx));
  await sink.begin(ctx, streams);
  for (const stream of streams) {
    for (const partition of await collect(pair.partitions(ctx, stream, 2))) {
      heads.push(await copyPart(sink, pair, stream.name, partition, index, steps));
      index += 1;
      if (heads.length < 3) continue;
      settled = await sink.settle(ctx, heads, settled);
      heads = [];
    }
  }
  return { heads, settled };
}

interface Known {
  readonly cursor: Cursor | null;
  readonly records: number;
  readonly state: Json | null;
}

async function copyPart(
  sink: Sink,
  pair: Source,
  stream: string,
  partition: Partition,
  index: number,
  steps: Steps,
): Promise<Head> {
  const target = { stream, partition: partition.id, index };
  for (let known: Known = { cursor: null, records: 0, state: null }; ;) {
    const found = await sink.recover!(testContext(), target, known.state);
    if (found) known = { cursor: found.cursor, records: found.tallies.records, state: found.sink };
    if (found?.done) return { ...target, records: known.records, state: known.state };
    const writer = await sink.open(testContext(), target, known.state);
    const flush = async (at: Omit<Known, 'state'>, done: boolean): Promise<Known> => {
      const tallies = { ...NO_TALLIES, records: at.records, bytes: at.records };
      return { ...at, state: await writer.flush({ cursor: at.cursor, done, tallies }) };
    };
    let at: Omit<Known, 'state'> = known;
    let step: ReturnType<Steps> = 'go on';
    for await (const page of pair.read(testContext(), stream, partition, known.cursor)) {
      await writer.write(page);
      at = { cursor: page.next, records: at.records + page.records };
      step = steps();
      if (step === 'flush') known = await flush(at, page.next === null);
      if (step === 'die unheard') await flush(at, page.next === null);
      if (step === 'die tidily') await writer.abort();
      if (step.startsWith('die')) break;
    }
    if (step.startsWith('die')) continue;
    const last = await flush(at, true);
    return { ...target, records: last.records, state: last.state };
  }
}

async function allDifferences(store: Store): Promise<Difference[]> {
  const all: Difference[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await readDifferences(store, FOLDER, { limit: 3, ...(cursor !== undefined && { cursor }) });
    if (!page) throw new Error('nothing was compared');
    all.push(...page.differences);
    cursor = page.next;
  }
  return all;
}
