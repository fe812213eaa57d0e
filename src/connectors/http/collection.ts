// One configured stream and how a page of it is fetched.
import type { HttpConnection, HttpStream } from '../../config/http.js';
import type { Context, Page } from '../../core/connector.js';
import { readBody } from './body.js';
import type { Client } from './client.js';
import { describeRequest } from './faults.js';
import { createPager, type PageSeen, type Pager, type Position, type Range } from './pagers.js';
import { createRepeatGuard } from './repeats.js';
import { createUrls } from './urls.js';

/** What every stream of a connection shares. */
export interface Site {
  readonly config: HttpConnection;
  readonly baseUrl: URL;
  readonly client: Client;
}

export interface Collection {
  readonly name: string;
  readonly stream: HttpStream;
  /** The page size to ask for; null where the stream has no parameter for it. */
  readonly size: number | null;
}

export function pagerOf(site: Site, { stream, size }: Collection, range: Range | null): Pager {
  const urls = createUrls(site.config, site.baseUrl, stream, range?.size ?? size);
  return createPager(stream, range, urls);
}

/** One request. `values` are the paths of what the caller wants to know beside the records. */
export async function fetchPage(
  ctx: Context,
  { client }: Site,
  { name, stream }: Collection,
  at: { readonly pager: Pager; readonly position: Position; readonly values: readonly string[] },
): Promise<PageSeen> {
  const url = at.pager.url(at.position);
  const what = describeRequest(name, 'GET', url);
  const answer = await client.get(ctx, { stream: name, url, headers: stream.headers });
  const shape = { records: stream.records, values: at.values, limit: at.pager.limit?.(at.position) };
  return { what, url, headers: answer.headers, body: await readBody(what, answer, shape) };
}

/** The pages of a range, from a position that an earlier page gave (null: its beginning). */
export async function* readPages(
  ctx: Context,
  site: Site,
  collection: Collection,
  range: Range | null,
  from: Position | null,
): AsyncGenerator<Page> {
  const pager = pagerOf(site, collection, range);
  const guard = createRepeatGuard(pager, (collection.stream.key ?? []).length > 0);
  let position: Position | null = from ?? pager.start();
  while (position !== null) {
    const page = await fetchPage(ctx, site, collection, { pager, position, values: pager.values });
    const next: Position | null = guard({ ...page, position }, pager.next(position, page));
    yield toPage(page, next);
    position = next;
  }
}

function toPage({ body }: PageSeen, next: Position | null): Page {
  const chunks = body.records === 0 ? [] : [body.lines];
  return { payload: { format: 'jsonl', chunks }, records: body.records, next: next && { ...next } };
}
