// A source whose records lie in memory: a real one, held to the same suite as the others, that fails, waits and stands
// still exactly as a test tells it to.
//
//   const source = createMemorySource({ contacts: someRecords(100) }, { pageSize: 10 });
//   source.fail({ at: 30, error: new LonghaulError('source_timeout', '…'), times: 2 });   // twice asked for record 30 in vain
//   source.fail({ at: 'close', error });                      // reading is over and letting go fails
//   const hold = source.hold('contacts', 4);                  // four pages, then requests stand and wait
//   await hold.reached(); hold.release();
//   source.asked; source.askedTwice(); source.assertLetGo(); source.assertAllFaultsFired();
import type { Context, Page, Partition, Source, Stream } from '../../src/core/connector.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';
import { createGate, type Gate, type Hold } from './bell.js';

export interface MemorySourceOptions {
  /** Records a page. Default 10. */
  readonly pageSize?: number;
  /** Ends a partition by a page that says so, or (default) by nothing more. */
  readonly saysLast?: boolean;
}

export interface MemoryFault {
  /** The index of the first record of a page that is asked for; or the moment at which a reader lets go. */
  readonly at: number | 'close';
  readonly error: Error;
  /** Default 1. */
  readonly times?: number;
}

export interface Asked {
  readonly stream: string;
  /** Index of the page's first record. */
  readonly start: number;
  given: boolean;
}

export type MemorySource = ReturnType<typeof createMemorySource>;

export function createMemorySource(
  records: Readonly<Record<string, readonly string[]>>,
  { pageSize = 10, saysLast = false }: MemorySourceOptions = {},
) {
  const asked: Asked[] = [];
  const gates: Gate[] = [];
  let faults: { at: number | 'close'; error: Error; left: number }[] = [];
  let open = 0;

  const strike = (at: number | 'close'): void => {
    const fault = faults.find((each) => each.at === at && each.left > 0);
    if (!fault) return;
    fault.left -= 1;
    throw fault.error;
  };

  const source: Source = {
    async *streams(_ctx, names) {
      const unknown = names?.find((name) => records[name] === undefined);
      if (unknown !== undefined) throw new LonghaulError('stream_unknown', `there is no ${unknown}`);
      yield* (names ?? Object.keys(records)).toSorted().map((name) => streamOf(name, records[name]!));
    },
    async *partitions(_ctx, { name }, want) {
      yield* cut(records[name]!.length, want);
    },
    async *read(ctx, stream, partition, from) {
      open += 1;
      try {
        yield* pages(ctx, stream, partition, (from ?? rangeOf(partition).start) as number);
      } finally {
        open -= 1;
        await Promise.resolve();
        strike('close');
      }
    },
    close: async () => undefined,
  };

  async function* pages(ctx: Context, stream: string, partition: Partition, from: number) {
    const { end } = rangeOf(partition);
    for (let start = from; start < end || (start === end && start === 0); start += pageSize) {
      const until = Math.min(start + pageSize, end);
      await request(ctx, stream, start);
      const last = until === end && saysLast;
      yield pageOf(records[stream]!.slice(start, until), last ? null : until);
      if (last) return;
      if (until === end) break;
    }
  }

  async function request(ctx: Context, stream: string, start: number): Promise<void> {
    if (ctx.stop.aborted) throw new Stopped();
    const entry = { stream, start, given: false };
    asked.push(entry);
    ctx.meter.request();
    for (const gate of gates) await Promise.race([gate.pass(stream), aborted(ctx.signal)]);
    if (ctx.signal.aborted) throw new Stopped();
    strike(start);
    entry.given = true;
  }

  return {
    ...source,
    asked: asked as readonly Asked[],
    /** First records of the pages that were rightly given more than once. */
    askedTwice(): number[] {
      const starts = asked.filter((each) => each.given).map((each) => each.start);
      return [...new Set(starts.filter((start, index) => starts.indexOf(start) !== index))];
    },
    /** That every read that was begun has ended. */
    assertLetGo(): void {
      if (open > 0) throw new Error(`${open} reads were begun and not let go of`);
    },
    fail({ times = 1, ...fault }: MemoryFault): void {
      faults.push({ ...fault, left: times });
    },
    /** What is broken is mended. */
    mend: () => void (faults = []),
    assertAllFaultsFired(): void {
      const left = faults.filter((fault) => fault.left > 0).map((fault) => fault.at);
      if (left.length > 0) throw new Error(`faults that did not fire, at ${left.join(', ')}`);
    },
    hold(stream: string, after = 0): Hold {
      const gate = createGate(stream, after);
      gates.push(gate);
      return gate;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function streamOf(name: string, { length: estimate }: readonly string[]): Stream {
  return { name, key: ['id'], encoding: 'jsonl', schema: { columns: [] }, estimate };
}

function* cut(length: number, want: number): Generator<Partition> {
  const parts = Math.max(1, Math.min(want, length));
  for (let i = 0; i < parts; i += 1) {
    const range = { start: Math.floor((length * i) / parts), end: Math.floor((length * (i + 1)) / parts) };
    yield { id: String(i), range, estimate: range.end - range.start };
  }
}

/** The whole of a stream as one partition. */
export function wholeOf(records: readonly string[]): Partition {
  return [...cut(records.length, 1)][0]!;
}

const rangeOf = ({ range }: Partition) => range as { start: number; end: number };

function pageOf(records: readonly string[], next: number | null): Page {
  const chunks = [Buffer.from(records.map((record) => `${record}\n`).join(''))];
  return { payload: { format: 'jsonl', chunks }, records: records.length, next };
}
