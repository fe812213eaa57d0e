// The sink of a copy whose source has copied the objects already: it adds up what came how.
import { z } from 'zod';
import type { Head, Page, Sink, Stream } from '../../core/connector.js';
import type { Json } from '../../core/json.js';
import { expectStream } from './source.js';
import type { ObjectTarget } from './target.js';

const count = z.number().int().min(0);
const sumsSchema = z.object({ records: count, bytes: count, byServer: count, byWorker: count, there: count });
type Sums = z.infer<typeof sumsSchema>;
const NOTHING: Sums = { records: 0, bytes: 0, byServer: 0, byWorker: 0, there: 0 };

export interface CopiedSinkOptions {
  readonly connection: string;
  readonly streams: object;
  readonly target: (stream: string) => Pick<ObjectTarget, 'clear'>;
  /** Throws where a stream cannot be copied into the one of the same name. */
  readonly expectFit: (stream: string) => void;
}

/** Throws `stream_unknown`, and what `expectFit` and its targets throw. */
export function createCopiedSink({ connection, streams, target, expectFit }: CopiedSinkOptions): Sink {
  const check = (all: readonly Stream[]): void => {
    for (const { name } of all) {
      expectStream(connection, streams, name);
      expectFit(name);
    }
  };
  const clear: Sink['discard'] = async (ctx) => {
    for (const name of Object.keys(streams)) await target(name).clear(ctx);
  };

  return {
    stages: async (_ctx, all) => {
      check(all);
      return [all.map(({ name }) => name)];
    },
    begin: async (_ctx, all) => check(all),
    open: async (_ctx, _target, state) => countingWriter(sumsOf(state)),
    settle: async (_ctx, heads, settled) => sum(heads, settled),
    async seal(ctx, { heads, settled }) {
      await clear(ctx);
      const sums = sum(heads, settled);
      const { records, bytes } = sums;
      return { records, bytes, storedBytes: 0, segments: 0, notes: [noteOf(sums)] };
    },
    discard: clear,
    close: async () => undefined,
  };
}

function countingWriter(from: Sums) {
  let sums = from;
  return {
    write: async ({ records, copied }: Page) => void (sums = add(sums, { ...NOTHING, ...copied, records })),
    flush: async () => sums,
    abort: async () => undefined,
  };
}

const sumsOf = (json: Json | null): Sums => (json === null ? NOTHING : sumsSchema.parse(json));

function sum(heads: readonly Head[], settled: Json | null): Sums {
  return heads.map(({ state }) => sumsOf(state)).reduce(add, sumsOf(settled));
}

function add(a: Sums, b: Sums): Sums {
  return {
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    byServer: a.byServer + b.byServer,
    byWorker: a.byWorker + b.byWorker,
    there: a.there + b.there,
  };
}

const noteOf = ({ byServer, byWorker, there }: Sums): string =>
  `Of the objects, ${byServer} were copied by the server, ${byWorker} through the worker, and ${there} were there already.`;
