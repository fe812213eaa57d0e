// A source for what can only be read from its begin to its end, page after page: each stream is one partition.
import type { Context, Cursor, Page, Partition, Source, Stream } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import { nearest } from '../core/nearest.js';

export interface PagedStreams {
  /** All streams there are, in any order. `encoding` and `schema` may be left out: JSON lines, described by nothing. */
  readonly streams: (ctx: Context) => Promise<readonly PagedStream[]>;
  /** The page from a cursor on, or the first. The cursor is what the page before gave as `next`. */
  readonly page: (ctx: Context, stream: string, from: Cursor | null) => Promise<Page>;
}

export type PagedStream = Pick<Stream, 'name' | 'key'> & Partial<Stream>;

export function pagedSource({ streams, page }: PagedStreams): Source {
  return {
    async *streams(ctx, names) {
      const all = (await streams(ctx)).map(whole).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const known = all.map(({ name }) => name);
      for (const name of names ?? []) if (!known.includes(name)) throw unknown(name, known);
      yield* all.filter(({ name }) => names?.includes(name) ?? true);
    },
    async *partitions(_ctx, { estimate }): AsyncGenerator<Partition> {
      yield { id: 'all', range: null, estimate };
    },
    async *read(ctx, stream, _partition, from) {
      let at = from;
      do {
        if (ctx.stop.aborted) throw new Stopped();
        const next = await page(ctx, stream, at);
        yield next;
        at = next.next;
      } while (at !== null);
    },
    close: async () => undefined,
  };
}

function whole(stream: PagedStream): Stream {
  return { encoding: 'jsonl', schema: null, estimate: null, ...stream };
}

function unknown(name: string, known: readonly string[]): LonghaulError {
  const meant = nearest(name, known);
  const guess = meant === null ? '' : ` Did you mean ${meant}?`;
  return new LonghaulError('stream_unknown', `There is no stream ${name}.${guess}`);
}
