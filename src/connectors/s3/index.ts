// The `s3` connection: a bucket, or what lies below a prefix in it, that holds archives, and objects that are backed up.
import type { S3Connection } from '../../config/s3.js';
import type { Sink } from '../../core/connector.js';
import type { Connection, SinkOptions } from '../../core/registry.js';
import { passedThrough } from '../objects/pass.js';
import { createObjectSink } from '../objects/sink.js';
import { createObjectSource } from '../objects/source.js';
import { checkBucket } from './check.js';
import { createS3Client, type S3Client } from './client.js';
import { createTrial } from './conditions.js';
import { createServerCopy, isSameService, type S3Side } from './copy.js';
import { persistent } from './persistence.js';
import { createS3Stores } from './store.js';
import { createS3Target } from './target.js';
import { createS3Tree } from './tree.js';

/** Requests at once, of each reader and writer: small objects take as long as the server needs to answer. */
const CONCURRENCY = 16;

/** `side`: what another one of this type needs of it, to copy from it. */
interface Bucket extends Connection {
  readonly side: S3Side;
}

export function createS3Connection(name: string, config: S3Connection): Bucket {
  const client = createS3Client(config);
  return {
    name,
    type: 's3',
    limits: config.limits ?? {},
    store: createS3Stores(persistent(client), config),
    ...(config.streams && objectsIn(name, client, config, config.streams)),
    check: () => checkBucket(client, config),
    side: { name, client, config },
  };
}

function objectsIn(
  connection: string,
  client: S3Client,
  config: S3Connection,
  streams: NonNullable<S3Connection['streams']>,
): Pick<Connection, 'source' | 'sink' | 'copyFrom'> {
  const lasting = persistent(client);
  const proveConditions = createTrial(lasting, config);
  const prefixOf = (stream: string): string => streams[stream]?.prefix ?? '';
  const own = { connection, streams, concurrency: CONCURRENCY };
  const kept = (sink: Sink, { mode }: SinkOptions): Sink =>
    mode === 'insert' ? proven(sink, proveConditions) : sink;
  const sink = (options: SinkOptions): Sink => {
    const target = (stream: string) => createS3Target(lasting, config, prefixOf(stream), options);
    return kept(createObjectSink({ ...own, target }, options), options);
  };
  return {
    source: ({ pageSize, known }) =>
      createObjectSource({
        ...own,
        pageSize,
        known,
        tree: (stream) => createS3Tree(client, prefixOf(stream)),
      }),
    sink,
    copyFrom(from, reading, writing) {
      if (!isBucket(from) || !isSameService(from.side.config, config)) {
        return passedThrough(from, reading, sink(writing));
      }
      const ends = createServerCopy(from.side, { name: connection, client, config }, reading, writing);
      return { ...ends, sink: kept(ends.sink, writing) };
    },
  };
}

const isBucket = (connection: Connection): connection is Bucket =>
  connection.type === 's3' && 'side' in connection;

/** That objects which are there stay rests on the server's conditions. */
function proven(sink: Sink, proveConditions: () => Promise<void>): Sink {
  return {
    ...sink,
    async begin(ctx, streams) {
      await proveConditions();
      await sink.begin(ctx, streams);
    },
  };
}
