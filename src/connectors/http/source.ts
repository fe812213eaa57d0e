// The http source: the collections that a connection configures, as streams.
import type { Context, Source, Stream } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { SourceOptions } from '../../core/registry.js';
import { readPages, type Collection, type Site } from './collection.js';
import type { Position, Range } from './pagers.js';
import { estimateOf, splitStream, type Probe } from './partitions.js';
import { probeStream } from './probe.js';

export function createHttpSource(connection: string, site: Site, options: SourceOptions): Source {
  const find = (name: string) => findCollection(connection, site, options, name);
  /** A plan lists a stream and then cuts it: it asks the source once for both. */
  const probes = new Map<string, Probe | null>();
  const probed = async (ctx: Context, name: string): Promise<Probe | null> => {
    const known = probes.get(name);
    if (known !== undefined) return known;
    const probe = await probeStream(ctx, site, find(name));
    probes.set(name, probe);
    return probe;
  };
  return {
    async *streams(ctx, names = Object.keys(site.config.streams), after = '') {
      const collections = [...new Set(names.filter((name) => name > after))].sort().map(find);
      for (const collection of collections) {
        yield toStream(collection, estimateOf(await probed(ctx, collection.name)));
      }
    },
    async *partitions(ctx, { name }, want) {
      const { stream, size } = find(name);
      yield* splitStream(stream, size, await probed(ctx, name), want);
    },
    async *read(ctx, name, { range }, from) {
      yield* readPages(ctx, site, find(name), range as Range | null, from as Position | null);
    },
    /** The sockets belong to the connection, and an idle one keeps no process alive. */
    close: async () => {},
  };
}

function findCollection(
  connection: string,
  { config }: Site,
  { pageSize }: SourceOptions,
  name: string,
): Collection {
  const stream = Object.hasOwn(config.streams, name) ? config.streams[name] : undefined;
  if (!stream) throw new LonghaulError('stream_unknown', `${connection} has no stream named ${name}.`);
  return { name, stream, size: stream.pageSize ? (pageSize ?? stream.pageSize.size) : null };
}

function toStream({ name, stream }: Collection, estimate: number | null): Stream {
  return { name, key: stream.key ?? [], encoding: 'jsonl', schema: null, estimate };
}
