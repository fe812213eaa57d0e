// Trees of objects as a source. Each configured stream is one.
import { z } from 'zod';
import type { Partition, Source, Stream } from '../../core/connector.js';
import type { KnownObjects } from '../../core/known.js';
import { LonghaulError } from '../../core/errors.js';
import { createFilter, type Patterns } from './filter.js';
import { pieceBytes } from './pieces.js';
import { readObjects } from './read.js';
import type { KeyRange, ObjectTree } from './tree.js';

export interface ObjectSourceOptions {
  readonly connection: string;
  readonly streams: Readonly<Record<string, Patterns>>;
  readonly tree: (stream: string) => ObjectTree;
  /** Reads at once, of each reader. */
  readonly concurrency: number;
  /** Objects in a page, at most. */
  readonly pageSize?: number | undefined;
  /** What an earlier backup holds. */
  readonly known?: KnownObjects | undefined;
  /** Where its objects are copied by a server: in larger pieces, and their bytes take no room here. */
  readonly pieceBytes?: (size: number) => number;
}

const rangeSchema = z.object({ after: z.string().nullable(), to: z.string().nullable() });

/** Each is a request, and a page on its way when a worker dies is read again. */
const PAGE_OBJECTS = 128;
/** What one reader holds of objects that were not handed out yet: a piece, or many small ones. */
const BYTES_AHEAD = 16_777_216;

/** Throws `stream_unknown`, and what its trees throw. */
export function createObjectSource(options: ObjectSourceOptions): Source {
  const { connection, streams, tree, concurrency, pageSize = PAGE_OBJECTS, known } = options;
  return {
    async *streams(_ctx, names) {
      for (const name of (names ?? Object.keys(streams)).toSorted()) {
        expectStream(connection, streams, name);
        yield describe(name);
      }
    },

    async *partitions(ctx, { name }, want) {
      const borders = want === 1 ? [] : await tree(name).borders(ctx, want);
      yield* [null, ...borders].map((after, index) =>
        partitionOf(index, { after, to: borders[index] ?? null }),
      );
    },

    read: (ctx, stream, partition, from) =>
      readObjects(ctx, {
        tree: tree(stream),
        filter: createFilter(streams[stream] ?? {}),
        range: rangeSchema.parse(partition.range),
        from,
        pageSize,
        pieceBytes: options.pieceBytes ?? pieceBytes,
        known: known && ((after) => known(stream, after)),
        bounds: { count: concurrency, bytes: options.pieceBytes ? Infinity : BYTES_AHEAD },
      }),

    close: async () => undefined,
  };
}

export function expectStream(connection: string, streams: object, name: string): void {
  if (Object.hasOwn(streams, name)) return;
  throw new LonghaulError('stream_unknown', `Connection ${connection} has no stream ${name}.`, {
    hint: `Name it in connections.${connection}.streams of longhaul.config.yml.`,
  });
}

function describe(name: string): Stream {
  return { name, key: ['key'], encoding: 'tar', schema: null, estimate: null };
}

function partitionOf(index: number, { after, to }: KeyRange): Partition {
  return { id: String(index), range: { after, to }, estimate: null };
}
