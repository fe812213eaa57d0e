// Writes into sinks the way the engine does, for tests: made-up records, flushed, settled and sealed, taken up again
// after a failure from what is known then.
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type { Breadcrumb, Head, Page, SealSummary, Sink, Stream, Target } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import { testContext } from './reading.js';

/** One partition: the pages of each flush. */
export interface PartWork {
  readonly target: Target;
  readonly flushes: readonly (readonly Page[])[];
}

export interface Work {
  readonly streams: readonly Stream[];
  readonly parts: readonly PartWork[];
}

/** What Temporal would remember of a job. */
export interface Memory {
  readonly flushed: Map<number, { readonly state: Json; readonly flushes: number }>;
  settled: Json | null;
  heads: Head[];
}

export const REPORT = { id: 'job-1', state: 'completed' };

export function newMemory(): Memory {
  return { flushed: new Map(), settled: null, heads: [] };
}

/** From where `memory` stands to the end. `settleEvery`: heads that are settled at a time. */
export async function runJob(
  sink: Sink,
  work: Work,
  memory: Memory = newMemory(),
  settleEvery = 2,
): Promise<SealSummary> {
  const ctx = testContext();
  await sink.begin(ctx, work.streams);
  for (const part of work.parts) {
    if ((memory.flushed.get(part.target.index)?.flushes ?? 0) < part.flushes.length) {
      await copyPart(sink, part, memory);
      memory.heads = [...memory.heads, headOf(part, memory)];
    }
    if (memory.heads.length < settleEvery) continue;
    memory.settled = await sink.settle(ctx, memory.heads, memory.settled);
    memory.heads = [];
  }
  return sink.seal(ctx, { heads: memory.heads, settled: memory.settled, report: REPORT });
}

async function copyPart(sink: Sink, { target, flushes }: PartWork, memory: Memory): Promise<void> {
  const before = await newest(sink, target, memory);
  const writer = await sink.open(testContext(), target, before?.state ?? null);
  try {
    for (let flush = before?.flushes ?? 0; flush < flushes.length; flush += 1) {
      for (const page of flushes[flush] ?? []) await writer.write(page);
      const state = await writer.flush(breadcrumb(flush + 1, flush + 1 === flushes.length));
      memory.flushed.set(target.index, { state, flushes: flush + 1 });
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** What is durable may be newer than what the job has heard of. */
async function newest(sink: Sink, target: Target, memory: Memory) {
  const before = memory.flushed.get(target.index);
  const found = await sink.recover?.(testContext(), target, before?.state ?? null);
  if (!found) return before;
  const { after } = found.cursor as { after: number };
  memory.flushed.set(target.index, { state: found.sink, flushes: after });
  return memory.flushed.get(target.index);
}

export function headOf({ target, flushes }: PartWork, memory: Memory): Head {
  const records = flushes.flat().reduce((sum, page) => sum + page.records, 0);
  return { ...target, records, state: memory.flushed.get(target.index)?.state ?? null };
}

/** After so many flushes. */
export function breadcrumb(flushes: number, done: boolean): Breadcrumb {
  return { cursor: { after: flushes }, done, tallies: NO_TALLIES };
}

export function stream(name: string, encoding: Stream['encoding'] = 'jsonl'): Stream {
  return { name, key: ['id'], encoding, schema: { columns: [] }, estimate: null };
}

/** A page of JSON lines. */
export function jsonPage(...records: string[]): Page {
  const chunks = [Buffer.from(records.map((record) => `${record}\n`).join(''))];
  return { payload: { format: 'jsonl', chunks }, records: records.length, next: null };
}

/** A page of CSV rows below the header `id,text`. */
export function csvPage(...rows: string[]): Page {
  const chunks = [Buffer.from(rows.map((row) => `${row}\n`).join(''))];
  return {
    payload: { format: 'csv', header: Buffer.from('id,text\n'), chunks },
    records: rows.length,
    next: null,
  };
}

/** The records of a part, in order. */
export function textsOf({ flushes }: PartWork): string {
  return flushes
    .flat()
    .map((page) => Buffer.concat([...page.payload.chunks]).toString('utf8'))
    .join('');
}
