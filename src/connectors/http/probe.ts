// Asks for the first page of a stream that tells its total, to learn how much there is and how large pages really are.
import type { HttpStream } from '../../config/http.js';
import type { Context } from '../../core/connector.js';
import { fetchPage, pagerOf, type Collection, type Site } from './collection.js';
import { asCount } from './pagers.js';
import type { Probe } from './partitions.js';
import { pageHash } from './repeats.js';

/** Null, without a request, where the stream does not tell its total. */
export async function probeStream(ctx: Context, site: Site, collection: Collection): Promise<Probe | null> {
  const { total, totalPages } = totalPaths(collection.stream);
  const values = [total, totalPages].filter((path) => path !== undefined);
  if (values.length === 0) return null;
  const pager = pagerOf(site, { ...collection, size: probeSize(collection) }, null);
  const { body } = await fetchPage(ctx, site, collection, { pager, position: pager.start(), values });
  return {
    records: body.records,
    total: total === undefined ? null : asCount(body.values[0]),
    totalPages: totalPages === undefined ? null : asCount(body.values.at(-1)),
    hash: pageHash(body),
  };
}

function totalPaths({ paginator }: HttpStream): {
  total?: string | undefined;
  totalPages?: string | undefined;
} {
  switch (paginator.type) {
    case 'single_page':
      return {};
    case 'page_number':
      return { total: paginator.total_path, totalPages: paginator.total_pages_path };
    default:
      return { total: paginator.total_path };
  }
}

/** A stream that is cut into ranges needs its true page size; another needs its total only, and one record tells that. */
function probeSize({ stream, size }: Collection): number | null {
  const { type } = stream.paginator;
  return type === 'offset' || type === 'page_number' || size === null ? size : 1;
}
