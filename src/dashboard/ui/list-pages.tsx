// The ways to the other pages of a list. Back to the page before is the browser's own way back.
import { hrefOf, type Query } from '../route.js';

interface ListPagesProps {
  readonly page: string;
  readonly query: Query;
  /** Cursor of the next page; null: there is none. */
  readonly next: string | null;
  /** What the links are called. */
  readonly first?: string;
  readonly more?: string;
}

export function ListPages({ page, query, next, first = 'Newest', more = 'Older' }: ListPagesProps) {
  const { cursor, ...filter } = query;
  if (cursor === undefined && next === null) return null;
  return (
    <nav class="pages" aria-label="Pages of the list">
      {cursor !== undefined && <a href={hrefOf(page, filter)}>{first}</a>}
      {next !== null && <a href={hrefOf(page, { ...filter, cursor: next })}>{more}</a>}
    </nav>
  );
}
