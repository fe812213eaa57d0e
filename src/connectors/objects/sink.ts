// Trees of objects as the target of a restore: written by key, so that whatever is written twice is there once.
import { z } from 'zod';
import type { Head, Sink, Stream } from '../../core/connector.js';
import { LonghaulError, type ErrorCode } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import type { SinkOptions } from '../../core/registry.js';
import { expectStream } from './source.js';
import type { ObjectTarget } from './target.js';
import { createObjectWriter, stateSchema } from './writer.js';

export interface ObjectSinkOptions {
  readonly connection: string;
  readonly streams: object;
  readonly target: (stream: string) => ObjectTarget;
  /** Small objects at once, of each writer. */
  readonly concurrency: number;
}

const sumsSchema = z.object({ records: z.number(), bytes: z.number() });
type Sums = z.infer<typeof sumsSchema>;

/** Throws `stream_unknown`, `connection_unsuitable`, `restore_conflict`, and what its targets throw. */
export function createObjectSink(
  options: ObjectSinkOptions,
  { mode, rejects, skipDamaged = false }: SinkOptions,
): Sink {
  const { connection, streams, concurrency } = options;

  function expectFit({ name, encoding }: Stream): void {
    expectStream(connection, streams, name);
    if (encoding === 'tar') return;
    throw new LonghaulError(
      'connection_unsuitable',
      `Stream ${name} holds ${encoding} records, and ${connection} takes objects.`,
      { hint: 'Restore it into a connection of the type that it came from.' },
    );
  }

  async function clear(ctx: Parameters<Sink['discard']>[0]): Promise<void> {
    for (const name of Object.keys(streams)) await options.target(name).clear(ctx);
  }

  return {
    async stages(_ctx, all) {
      for (const stream of all) expectFit(stream);
      return [all.map(({ name }) => name)];
    },
    begin: async (_ctx, all) => {
      for (const stream of all) expectFit(stream);
    },
    open: async (ctx, { stream }, state) =>
      createObjectWriter(ctx, {
        target: options.target(stream),
        from: state === null ? null : stateSchema.parse(state),
        replace: mode === 'upsert',
        refusals: refusalsOf(rejects, skipDamaged),
        concurrency,
      }),
    settle: async (_ctx, heads, settled) => sum(heads, settled),
    async seal(ctx, { heads, settled }) {
      await clear(ctx);
      return { ...sum(heads, settled), storedBytes: 0, segments: 0 };
    },
    discard: clear,
    close: async () => undefined,
  };
}

/** What one object can be refused for, while others can be written. */
const REFUSALS: readonly ErrorCode[] = [
  'restore_conflict',
  'record_refused',
  'name_unfit',
  'archive_damaged',
];

function refusalsOf(rejects: boolean, skipDamaged: boolean): ReadonlySet<ErrorCode> {
  if (rejects) return new Set(REFUSALS);
  return new Set(skipDamaged ? ['archive_damaged'] : []);
}

function sum(heads: readonly Head[], settled: Json | null): Sums {
  const before: Sums = settled === null ? { records: 0, bytes: 0 } : sumsSchema.parse(settled);
  return heads.map(({ state }) => sumsSchema.parse(state)).reduce(add, before);
}

const add = (a: Sums, b: Sums): Sums => ({ records: a.records + b.records, bytes: a.bytes + b.bytes });
