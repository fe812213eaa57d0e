// The made-up API of the example: lists of records, paged by the last id that was seen.
import { createServer, type Server } from 'node:http';

/** Records as JSON texts, by list and in the order of their ids. */
export type Lists = Readonly<Record<string, readonly { readonly id: string; readonly text: string }[]>>;

/** `GET /LIST?after=ID&limit=N` answers `{items, last, total}`; `last` is null on the last page. */
export function createNotesApi(lists: Lists, token: string): Server {
  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://notes');
    const list = lists[pathname.slice(1)];
    const status = request.headers['x-notes-token'] !== token ? 401 : list ? 200 : 404;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 200 ? pageOf(list ?? [], searchParams) : '{}');
  });
}

function pageOf(list: Lists[string], query: URLSearchParams): string {
  const start = list.findIndex(({ id }) => id === query.get('after')) + 1;
  const page = list.slice(start, start + Number(query.get('limit')));
  const isLast = start + page.length >= list.length;
  const last = isLast ? null : (page.at(-1)?.id ?? null);
  const items = page.map(({ text }) => text).join(',');
  return `{"total":${list.length},"last":${JSON.stringify(last)},"items":[${items}]}`;
}
