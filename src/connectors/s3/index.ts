// The `s3` connection: a bucket, or what lies below a prefix in it, that holds archives, and objects that are backed up.
import type { S3Connection } from '../../config/s3.js';
import type { Sink } from '../../core/connector.js';
import type { Connection } from '../../core/registry.js';
import { createObjectSink } from '../objects/sink.js';
import { createObjectSource } from '../objects/source.js';
import { checkBucket } from './check.js';
import { createS3Client, type S3Client } from './client.js';
import { createTrial } from './conditions.js';
import { persistent } from './persistence.js';
import { createS3Stores } from './store.js';
import { createS3Target } from './target.js';
import { createS3Tree } from './tree.js';

/** Requests at once, of each reader and writer: small objects take as long as the server needs to answer. */
const CONCURRENCY = 16;

export function createS3Connection(name: string, config: S3Connection): Connection {
  const client = createS3Client(config);
  return {
    name,
    type: 's3',
    limits: config.limits ?? {},
    store: createS3Stores(persistent(client), config),
    ...(config.streams && objectsIn(name, client, config, config.streams)),
    check: () => checkBucket(client, config),
  };
}

function objectsIn(
  connection: string,
  client: S3Client,
  config: S3Connection,
  streams: NonNullable<S3Connection['streams']>,
): Pick<Connection, 'source' | 'sink'> {
  const lasting = persistent(client);
  const proveConditions = createTrial(lasting, config);
  const prefixOf = (stream: string): string => streams[stream]?.prefix ?? '';
  const own = { connection, streams, concurrency: CONCURRENCY };
  return {
    source: ({ pageSize, known }) =>
      createObjectSource({
        ...own,
        pageSize,
        known,
        tree: (stream) => createS3Tree(client, prefixOf(stream)),
      }),
    sink(options) {
      const target = (stream: string) => createS3Target(lasting, config, prefixOf(stream), options);
      const sink = createObjectSink({ ...own, target }, options);
      return options.mode === 'insert' ? proven(sink, proveConditions) : sink;
    },
  };
}

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
