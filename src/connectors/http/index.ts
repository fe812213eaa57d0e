// REST APIs as a source and as a target of restores: one connection, with one rate limit and one pool of sockets for everything opened from it.
import type { HttpConnection } from '../../config/http.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Connection } from '../../core/registry.js';
import { createClient } from './client.js';
import { fetchPage, pagerOf, type Site } from './collection.js';
import { createShared } from './shared.js';
import { createHttpSource } from './source.js';
import type { KeyIndex } from './target/key-table.js';
import { createHttpSink } from './target/sink.js';
import { parseBaseUrl } from './urls.js';

/** Throws `config_invalid`. `limits.requestsPerDay` is only stated here: the job that spends it counts it. */
export function createHttpConnection(name: string, config: HttpConnection): Connection {
  const baseUrl = parseBaseUrl(name, config);
  const site: Site = { config, baseUrl, client: createClient(name, config, baseUrl) };
  const building = createShared<KeyIndex>();
  const isWritten = Object.values(config.streams).some(({ write }) => write);
  return {
    name,
    type: 'http',
    limits: { ...config.limits },
    source: (options) => createHttpSource(name, site, options),
    ...(isWritten && {
      sink: (options) => createHttpSink({ connection: name, site, building }, options),
    }),
    check: (ctx) => checkSite(ctx, name, site),
  };
}

/** Asks for one record of the first stream. */
async function checkSite(ctx: Context, connection: string, site: Site): Promise<string> {
  const [first] = Object.entries(site.config.streams).sort(([a], [b]) => (a < b ? -1 : 1));
  if (!first) throw new LonghaulError('config_invalid', `connections.${connection}.streams is empty.`);
  const [name, stream] = first;
  const collection = { name, stream, size: stream.pageSize ? 1 : null };
  const pager = pagerOf(site, collection, null);
  const { what, body } = await fetchPage(ctx, site, collection, {
    pager,
    position: pager.start(),
    values: [],
  });
  return `${what} answered with ${body.records} ${body.records === 1 ? 'record' : 'records'}.`;
}
