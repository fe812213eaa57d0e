// Notices a source that goes in circles, so that a job ends with a named error and not never.
import { createHash } from 'node:crypto';
import { LonghaulError } from '../../core/errors.js';
import type { Body } from './body.js';
import type { PageSeen, Pager, Position } from './pagers.js';

/** Passes the position after a page on, or throws `cursor_repeated`. */
export type RepeatGuard = (page: PageSeen & { position: Position }, next: Position | null) => Position | null;

export function createRepeatGuard(pager: Pager, keyed: boolean): RepeatGuard {
  return pager.named ? namedGuard() : countedGuard(keyed ? 1 : UNKEYED_TIMES);
}

const REMEMBERED = 10_000;

/** Remembers the last cursors and links of this read. The one in hand is in the cursor, so it is known after a resumption too. */
function namedGuard(): RepeatGuard {
  const seen = new Set<string>();
  return ({ what, position, url }, next) => {
    remember(seen, hash(String(position.at ?? url.pathname + url.search)));
    if (next !== null && seen.has(hash(String(next.at)))) {
      throw new LonghaulError('cursor_repeated', `${what} gave a next page that it had given before.`);
    }
    return next;
  };
}

function remember(seen: Set<string>, item: string): void {
  seen.add(item);
  const [oldest] = seen;
  if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
}

/** Records without a key may be equal, and so may two pages of them; three in a row are a server that ignores the place. */
const UNKEYED_TIMES = 2;

/** Compares each page with the one before, whose hash is in the cursor. */
function countedGuard(allowed: number): RepeatGuard {
  return ({ what, position, body }, next) => {
    if (body.records === 0) return next;
    const page = pageHash(body);
    const times = page === position.page ? (position.times ?? 1) + 1 : 1;
    if (times > allowed) {
      throw new LonghaulError('cursor_repeated', `${what} answered with the records of the page before.`, {
        hint: 'The source ignores the place in the request: check the parameter names of the paginator.',
      });
    }
    return next && { ...next, page, times };
  };
}

const HASHED = 65_536;

/** Of the records' number and their first and last bytes: enough to tell pages apart, and quick for any size. */
export function pageHash({ records, lines }: Body): string {
  const parts = [`${records} ${lines.length} `, lines.subarray(0, HASHED), lines.subarray(-HASHED)];
  return hash(...parts);
}

function hash(...parts: readonly (string | Uint8Array)[]): string {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest('base64url').slice(0, 22);
}
