// Gives streams that come without a schema the columns that their first page has.
import type { Context, Source, Stream } from '../core/connector.js';
import { createColumnFinder, schemaOfSample } from '../records/columns.js';

/**
 * For sinks that need columns. One page of each such stream is read when the streams are listed: from `samples`, the same
 * records in larger pages, where the source's own are small.
 */
export function withColumns(source: Source, samples = source): Source {
  return {
    ...source,
    async *streams(ctx, names, after = '') {
      for await (const stream of source.streams(ctx, names, after)) {
        const lacking = stream.encoding === 'jsonl' && stream.schema === null && stream.name > after;
        yield lacking ? { ...stream, schema: await sampled(samples, ctx, stream) } : stream;
      }
    },
  };
}

async function sampled(source: Source, ctx: Context, stream: Stream): Promise<Stream['schema']> {
  const finder = createColumnFinder();
  for await (const partition of source.partitions(ctx, stream, 1)) {
    for await (const page of source.read(ctx, stream.name, partition, null)) {
      finder.add(page.payload);
      if (page.records > 0) break;
    }
  }
  return schemaOfSample(finder.columns());
}
