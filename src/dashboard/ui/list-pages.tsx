// The ways to the other pages of a list. Back to the page before is the browser's own way back.
import { hrefOf, type Query } from '../route.js';

interface ListPagesProps {
  readonly page: string;
  readonly query: Query;
  /** Cursor of the next page; null: there is none. */
  readonly next: string | null;
}

export function ListPages({ page, query, next }: ListPagesProps) {
  const { cursor, ...filter } = query;
  if (cursor === undefined && next === null) return null;
  return (
    <nav class="pages" aria-label="Pages of the list">
      {cursor !== undefined && <a href={hrefOf(page, filter)}>Newest</a>}
      {next !== null && <a href={hrefOf(page, { ...filter, cursor: next })}>Older</a>}
    </nav>
  );
}
