// A restore that writes nothing: the target is looked at, everything is read and checked, and counted.
import { z } from 'zod';
import type { Head, Sink, SinkWriter } from '../core/connector.js';
import type { Json } from '../core/json.js';

const sumsSchema = z.object({ records: z.number(), bytes: z.number() });
type Sums = z.infer<typeof sumsSchema>;

/** Asks of the sink only what it does before anything is written: `stages`, which refuses what the target cannot take. */
export function dryRun(sink: Sink): Sink {
  return {
    ...(sink.stages && { stages: (ctx, streams) => sink.stages!(ctx, streams) }),
    begin: async () => undefined,
    open: async () => countingWriter(),
    settle: async (_ctx, heads, settled) => sum(heads, settled),
    seal: async (_ctx, { heads, settled }) => ({
      ...sum(heads, settled),
      storedBytes: 0,
      segments: 0,
      notes: ['This was a dry run: nothing was written.'],
    }),
    discard: async () => undefined,
    close: () => sink.close(),
  };
}

function countingWriter(): SinkWriter {
  return {
    write: async () => undefined,
    flush: async ({ tallies: { records, bytes } }) => ({ records, bytes }),
    abort: async () => undefined,
  };
}

function sum(heads: readonly Head[], settled: Json | null): Sums {
  const before: Sums = settled === null ? { records: 0, bytes: 0 } : sumsSchema.parse(settled);
  return heads.map(({ state }) => sumsSchema.parse(state)).reduce(add, before);
}

const add = (a: Sums, b: Sums): Sums => ({ records: a.records + b.records, bytes: a.bytes + b.bytes });
