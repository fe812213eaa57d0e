// Asks for the next page of a list, where there is one.
import type { Pages } from '../hooks/pages.js';
import { TroubleNote } from './trouble.js';

interface MoreProps {
  readonly pages: Pages<unknown>;
  /** What there is more of: `files`. */
  readonly what: string;
}

export function More({ pages, what }: MoreProps) {
  return (
    <>
      <TroubleNote trouble={pages.trouble} />
      {(pages.next || pages.trouble) && (
        <button type="button" class="small more" onClick={pages.more}>
          {pages.trouble ? 'Ask again' : `More ${what}`}
        </button>
      )}
    </>
  );
}
