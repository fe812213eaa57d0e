// How each kind of collection is walked: which URL a position stands for, and which position follows a page.
import type { HttpStream } from '../../config/http.js';
import { LonghaulError } from '../../core/errors.js';
import type { Body } from './body.js';
import { header, listHeader, type Headers } from './headers.js';
import { linkTarget } from './link-header.js';
import type { Urls } from './urls.js';

/** Where a page begins; travels in cursors. */
export interface Position {
  /** A cursor, a link (path and query), an offset, or a page number; null: the first page, which needs none. */
  readonly at: string | number | null;
  /** Records on the pages before, where the end is told by a count of records. */
  readonly before?: number;
  /** Hash of the last page's records, and how many pages in a row had it. */
  readonly page?: string;
  readonly times?: number;
}

/** The part of a counted collection that a partition reads, in offsets or page numbers. */
export interface Range {
  readonly from: number;
  /** null: to the end, wherever that is by then. */
  readonly to: number | null;
  /** The page size to ask for: positions mean nothing under another. */
  readonly size: number | null;
  /** Hash of the collection's first page: a source that answers it for a later place ignores the place. */
  readonly first: string | null;
}

export interface PageSeen {
  readonly what: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Pager {
  /** Paths of the values that `next` reads, in its order. */
  readonly values: readonly string[];
  start(): Position;
  url(position: Position): URL;
  /** Records that may be taken from the page at a position. */
  limit?(position: Position): number;
  /** Pages are told apart by their `at` (cursors and links), or by their records alone. */
  readonly named: boolean;
  next(position: Position, page: PageSeen): Position | null;
}

export function createPager(stream: HttpStream, range: Range | null, urls: Urls): Pager {
  const { paginator } = stream;
  switch (paginator.type) {
    case 'cursor':
      return cursorPager([paginator.cursor_path], paginator, urls, ({ what, body }) =>
        asText(what, body.values[0]),
      );
    case 'header_cursor':
      return cursorPager(
        [],
        paginator,
        urls,
        ({ headers }) => header(headers, paginator.cursor_header.toLowerCase())?.trim() || null,
      );
    case 'json_link':
      return linkPager([paginator.next_url_path], urls, ({ what, body }) => asText(what, body.values[0]));
    case 'header_link':
      return linkPager([], urls, ({ headers }) =>
        linkTarget(listHeader(headers, 'link'), paginator.rel ?? 'next'),
      );
    case 'offset':
      return offsetPager(paginator, range ?? WHOLE, urls);
    case 'page_number':
      return pageNumberPager(paginator, range, urls);
    case 'single_page':
      return { values: [], named: true, start: () => FIRST, url: () => urls.page({}), next: () => null };
  }
}

type Paginator<Type> = Extract<HttpStream['paginator'], { type: Type }>;

const FIRST: Position = { at: null };
const WHOLE: Range = { from: 0, to: null, size: null, first: null };
const MAX_CURSOR = 6_000;

function cursorPager(
  values: string[],
  { cursor_param }: Paginator<'cursor' | 'header_cursor'>,
  urls: Urls,
  cursor: (page: PageSeen) => string | null,
): Pager {
  return {
    values,
    named: true,
    start: () => FIRST,
    url: ({ at }) => urls.page(at === null ? {} : { [cursor_param]: at }),
    next: (_, page) => toPosition(page.what, cursor(page)),
  };
}

function linkPager(values: string[], urls: Urls, link: (page: PageSeen) => string | null): Pager {
  return {
    values,
    named: true,
    start: () => FIRST,
    url: ({ at }) => (at === null ? urls.page({}) : urls.kept(String(at))),
    next: (_, page) => {
      const target = link(page);
      return target === null ? null : toPosition(page.what, urls.keep(page.what, target, page.url));
    },
  };
}

function offsetPager(paginator: Paginator<'offset'>, range: Range, urls: Urls): Pager {
  const { offset_param = 'offset', total_path } = paginator;
  return {
    values: total_path === undefined ? [] : [total_path],
    named: false,
    start: () => startOf(range),
    url: ({ at }) => urls.page({ [offset_param]: at ?? 0 }),
    limit: ({ at }) => (range.to ?? Infinity) - Number(at),
    next: ({ at }, { body }) => {
      const next = Number(at) + body.records;
      const end = Math.min(range.to ?? Infinity, asCount(body.values[0]) ?? Infinity);
      return body.records === 0 || next >= end ? null : { at: next };
    },
  };
}

function pageNumberPager(paginator: Paginator<'page_number'>, given: Range | null, urls: Urls): Pager {
  const { page_param = 'page', first = 1, total_path, total_pages_path } = paginator;
  const range = given ?? { ...WHOLE, from: first };
  const totals = [total_path, total_pages_path].filter((path) => path !== undefined);
  return {
    values: totals,
    named: false,
    // Only from the first page on is it known how many records came before.
    start: () => ({ ...startOf(range), ...(range.from === first ? { before: 0 } : {}) }),
    url: ({ at }) => urls.page({ [page_param]: at ?? first }),
    next: ({ at, before }, { body }) => {
      const next = Number(at) + 1;
      const seen = before === undefined ? undefined : before + body.records;
      const records = total_path === undefined ? null : asCount(body.values[0]);
      const pages = total_pages_path === undefined ? null : asCount(body.values.at(-1));
      const end = Math.min(range.to ?? Infinity, first + (pages ?? Infinity));
      if (body.records === 0 || next >= end || (seen ?? -1) >= (records ?? Infinity)) return null;
      return { at: next, ...(seen === undefined ? {} : { before: seen }) };
    },
  };
}

function startOf({ from, first }: Range): Position {
  return first === null ? { at: from } : { at: from, page: first, times: 1 };
}

function toPosition(what: string, at: string | null): Position | null {
  if (at === null) return null;
  if (at.length <= MAX_CURSOR) return { at };
  const message = `${what} gave a cursor of ${at.length} characters; ${MAX_CURSOR} at most can be kept.`;
  throw new LonghaulError('source_refused', message);
}

/** A cursor or link from its JSON text: a string's content, a number's digits; null where there is none. */
function asText(what: string, json: string | null | undefined): string | null {
  if (json === null || json === undefined || json === 'null' || json === '""') return null;
  if (json.startsWith('"')) return JSON.parse(json) as string;
  if (/^-?\d/.test(json)) return json;
  throw new LonghaulError('response_invalid', `${what} gave a next page that is neither text nor a number.`, {
    hint: 'Check the paginator of the stream: its path leads to something else.',
  });
}

/** A total from its JSON text; null where the source does not know it (absent, null, -1). */
export function asCount(json: string | null | undefined): number | null {
  return /^"?\d{1,15}"?$/.test(json ?? '') ? Number(json?.replaceAll('"', '')) : null;
}
