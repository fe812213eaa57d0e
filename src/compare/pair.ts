// Two sources as one: the archive, and what it is compared with. Each keeps its own pages, partitions and cursors.
import { sha256 } from '../archive/objects.js';
import type { Context, Partition, Source, Stream } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Side } from './entry.js';
import { sideAndStream, sidedName } from './names.js';

/**
 * Its streams are those of both, as `against/NAME` and `archive/NAME`; both have the key that the archive says. A name
 * that neither has is `stream_unknown`; one whose records are CSV here and JSON there is `connection_unsuitable`.
 * Requests are counted of `against` alone: the archive's are none of its quota.
 */
export function createPair(archive: Source, against: Source): Source {
  const sides: Readonly<Record<Side, Source>> = { archive, against };
  const sourceOf = (stream: string): Source => sides[sideAndStream(stream).side];

  return {
    async *streams(ctx, names, after) {
      const at = after === undefined ? null : sideAndStream(after);
      const kept = await listed(archive, ctx, names);
      // Those of the other side come first.
      const there = at?.side === 'archive' ? NONE : await listed(against, ctx, names, at?.stream);
      const unknown = at ? undefined : names?.find((name) => !kept.has(name) && !there.has(name));
      if (unknown !== undefined) {
        throw new LonghaulError(
          'stream_unknown',
          `Neither the archive nor what it is compared with has a stream ${unknown}.`,
        );
      }
      for (const stream of there.values()) yield sided('against', stream, kept.get(stream.name) ?? stream);
      for (const stream of kept.values()) yield sided('archive', stream, stream);
    },

    async *partitions(ctx, stream, want) {
      const { stream: name } = sideAndStream(stream.name);
      for await (const partition of sourceOf(stream.name).partitions(ctx, { ...stream, name }, want)) {
        yield named(partition);
      }
    },

    read(ctx, stream, partition, from) {
      const { side, stream: name } = sideAndStream(stream);
      return sides[side].read(side === 'archive' ? uncounted(ctx) : ctx, name, original(partition), from);
    },

    close: async () => void (await Promise.allSettled([archive.close(), against.close()])),
  };
}

const NONE: ReadonlyMap<string, Stream> = new Map();

/** By name, in the source's order. Names that it does not have are left out. */
async function listed(
  source: Source,
  ctx: Context,
  names: readonly string[] | undefined,
  after?: string,
): Promise<Map<string, Stream>> {
  const found = new Map<string, Stream>();
  try {
    for await (const stream of source.streams(ctx, names, after))
      found.set(stream.name, { ...stream, schema: null });
    return found;
  } catch (error) {
    const isUnknown = error instanceof LonghaulError && error.code === 'stream_unknown';
    if (!isUnknown || !names) throw error;
    found.clear();
    if (names.length === 1) return found;
  }
  for (const name of [...new Set(names)].sort()) {
    for (const stream of (await listed(source, ctx, [name], after)).values()) found.set(name, stream);
  }
  return found;
}

function sided(side: Side, stream: Stream, kept: Stream): Stream {
  if (stream.encoding !== kept.encoding) {
    const message = `Stream ${stream.name} is ${kept.encoding} in the archive and ${stream.encoding} in what it is compared with: their records have nothing in common.`;
    throw new LonghaulError('connection_unsuitable', message);
  }
  if (stream.encoding === 'tar') {
    throw new LonghaulError(
      'connection_unsuitable',
      `Stream ${stream.name} holds objects, which are not compared.`,
      {
        hint: 'Verify the archive alone, or name streams of records in `streams`.',
      },
    );
  }
  return { ...stream, name: sidedName(side, stream.name), key: kept.key };
}

/**
 * With a name that no other part has, so that a job which begins anew takes up what is there only where it is of the same
 * part: the source may be cut in another way by then.
 */
function named({ id, range, estimate }: Partition): Partition {
  return { id: `${id}-${sha256(Buffer.from(JSON.stringify(range))).slice(0, 12)}`, range, estimate };
}

function original({ id, ...partition }: Partition): Partition {
  return { id: id.replace(/-[0-9a-f]{12}$/, ''), ...partition };
}

function uncounted(ctx: Context): Context {
  return { ...ctx, meter: { ...ctx.meter, request: () => undefined } };
}
