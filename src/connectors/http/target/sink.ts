// A REST API as the target of a restore. It keeps no position of a job: requests that are sent again are known to it by
// their keys.
import type { Head, Sink, Target } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import type { Json } from '../../../core/json.js';
import type { SinkOptions } from '../../../core/registry.js';
import type { Site } from '../collection.js';
import type { Shared } from '../shared.js';
import type { KeyIndex } from './key-table.js';
import { createKeys } from './keys.js';
import { createRewriter } from './references.js';
import { expectReferences, referencesOf, stagesOf } from './remap.js';
import { expectJson, routeOf, type Route } from './routes.js';
import { createSender } from './sender.js';
import { createPartitionWriter, stateOf } from './writer.js';

export interface SinkDeps {
  readonly connection: string;
  readonly site: Site;
  readonly building: Shared<KeyIndex>;
}

const DEFAULT_CONCURRENCY = 4;
/** A page is worth so many requests: enough to have some in flight, few to do again after a kill. */
const REQUESTS_A_PAGE = 64;

/** Sums over the heads that were settled. */
type Sums = { readonly records: number; readonly bytes: number };

export function createHttpSink({ connection, site, building }: SinkDeps, options: SinkOptions): Sink {
  const { config, baseUrl, client } = site;
  const { job, mode, remap, beside, rejects, patiently } = options;
  const keys = createKeys(beside, building);
  const concurrency = config.limits?.concurrency ?? DEFAULT_CONCURRENCY;
  const route = (stream: string) => routeOf(connection, config, stream, mode);
  const references = () => referencesOf(remap, Object.keys(config.streams));

  function senderFor(target: Target, key: string | null) {
    const root = `${baseUrl.origin}${baseUrl.pathname.replace(/\/+$/, '')}`;
    const own = route(target.stream);
    const newKey = key === null ? null : (own.newKey ?? key);
    return createSender({ client, root, job, target, route: own, newKey, patiently });
  }

  return {
    async stages(_ctx, streams) {
      if (options.create) throw cannotCreate(connection);
      for (const stream of streams) {
        expectJson(connection, stream);
        route(stream.name);
      }
      expectReferences(references(), streams, beside.before !== null);
      return stagesOf(
        streams.map(({ name }) => name),
        references(),
      );
    },

    pageRecords: (stream) => REQUESTS_A_PAGE * sizeOf(route(stream)),

    begin: () => keys.begin(),

    async open(ctx, target, state) {
      const all = references();
      const own = all.filter(({ stream }) => stream === target.stream);
      const key = all.find(({ to }) => to === target.stream)?.key ?? null;
      return createPartitionWriter({
        ctx,
        target,
        state: stateOf(state),
        send: senderFor(target, key),
        rewrite: await createRewriter(ctx, keys, own),
        size: sizeOf(route(target.stream)),
        concurrency,
        key,
        keys,
        rejects,
      });
    },

    settle: async (_ctx, heads, settled) => sum(heads, settled),

    seal: async (_ctx, { heads, settled }) => ({ ...sum(heads, settled), storedBytes: 0, segments: 0 }),

    /** What the API took stays there; what lies beside goes with the job's folder. */
    discard: async () => undefined,

    close: async () => undefined,
  };
}

function sizeOf({ batch }: Route): number {
  return batch?.size ?? 1;
}

function sum(heads: readonly Head[], settled: Json | null): Sums {
  const before = (settled as Sums | null) ?? { records: 0, bytes: 0 };
  return heads.reduce(
    (total, { records, state }) => ({
      records: total.records + records,
      bytes: total.bytes + stateOf(state).bytes,
    }),
    before,
  );
}

function cannotCreate(connection: string): LonghaulError {
  const message = `connection ${connection}: an API makes no collections`;
  return new LonghaulError('connection_unsuitable', message, { hint: 'Restore without `create`.' });
}
