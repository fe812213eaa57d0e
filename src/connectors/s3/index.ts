// The `s3` connection: a bucket, or what lies below a prefix in it, that holds archives, and objects that are backed up.
import type { S3Connection } from '../../config/s3.js';
import type { Connection, SinkOptions } from '../../core/registry.js';
import { createObjectSink } from '../objects/sink.js';
import { createObjectSource } from '../objects/source.js';
import { checkBucket } from './check.js';
import { createS3Client } from './client.js';
import { createTrial } from './conditions.js';
import { persistent } from './persistence.js';
import { createS3Stores } from './store.js';
import { createS3Target } from './target.js';
import { createS3Tree } from './tree.js';

/** Requests at once, of each reader and writer: small objects take as long as the server needs to answer. */
const CONCURRENCY = 16;

export function createS3Connection(name: string, config: S3Connection): Connection {
  const client = createS3Client(config);
  const lasting = persistent(client);
  const proveConditions = createTrial(lasting);
  const { streams = {} } = config;
  const prefixOf = (stream: string): string => streams[stream]?.prefix ?? '';
  const own = { connection: name, streams, concurrency: CONCURRENCY };

  function sink(options: SinkOptions) {
    const made = createObjectSink(
      { ...own, target: (stream) => createS3Target(lasting, config, prefixOf(stream), options) },
      options,
    );
    if (options.mode === 'upsert') return made;
    const begin: typeof made.begin = async (ctx, all) => {
      await proveConditions();
      await made.begin(ctx, all);
    };
    return { ...made, begin };
  }

  return {
    name,
    type: 's3',
    limits: config.limits ?? {},
    store: createS3Stores(lasting, config),
    source: ({ pageSize }) =>
      createObjectSource({ ...own, pageSize, tree: (stream) => createS3Tree(client, prefixOf(stream)) }),
    sink,
    check: () => checkBucket(client, config),
  };
}
