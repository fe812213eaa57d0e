// Gives streams that come without a schema the columns that their first records have.
import type { Context, Source, Stream } from '../core/connector.js';
import { createColumnFinder, schemaOfSample } from '../records/columns.js';
import { bytesOf } from './tally.js';

/** About a page of an archive, where a sink does not want smaller ones. */
const SAMPLE_BYTES = 1_048_576;

/** For sinks that need columns. The first records of each such stream are read when the streams are listed. */
export function withColumns(source: Source): Source {
  return {
    ...source,
    async *streams(ctx, names) {
      for await (const stream of source.streams(ctx, names)) {
        const lacking = stream.encoding === 'jsonl' && stream.schema === null;
        yield lacking ? { ...stream, schema: await sampled(source, ctx, stream) } : stream;
      }
    },
  };
}

async function sampled(source: Source, ctx: Context, stream: Stream): Promise<Stream['schema']> {
  const finder = createColumnFinder();
  for await (const partition of source.partitions(ctx, stream, 1)) {
    let left = SAMPLE_BYTES;
    for await (const page of source.read(ctx, stream.name, partition, null)) {
      finder.add(page.payload);
      left -= bytesOf(page);
      if (left <= 0) break;
    }
  }
  return schemaOfSample(finder.columns());
}
