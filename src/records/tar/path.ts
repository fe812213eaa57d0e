// Turns any key of an object into a relative path that can be extracted: it never leaves its folder.
import { createHash } from 'node:crypto';

/** Marks a part of a path that stands for another one. A part that begins so by itself is escaped as well. */
const ESCAPED = '%lh-';
const SHORTENED = '%lh~';

/** Of a part, in bytes: what file systems take. In a tar file some is left for the names of pieces. */
const MOST_BYTES: Readonly<Record<Strictness, number>> = { disk: 255, tar: 220 };
const KEPT_BYTES = 140;

/** `disk`: what no POSIX file system can hold. `tar`: beside that, what other systems or terminals stumble over. */
export type Strictness = 'disk' | 'tar';

const UNSAFE: Readonly<Record<Strictness, RegExp>> = {
  disk: /^$|^\.\.?$|^%lh[-~]|^\.tmp-|\0/,
  tar: /^$|^\.\.?$|^%lh[-~]|^\.tmp-|[\p{Cc}\\]/u,
};

/** Different keys give different paths; most keys stay as they are. */
export function safePath(key: string, strictness: Strictness): string {
  return key
    .split('/')
    .map((part) => safePart(part, strictness))
    .join('/');
}

function safePart(part: string, strictness: Strictness): string {
  const isUnsafe = UNSAFE[strictness].test(part);
  const safe = isUnsafe ? `${ESCAPED}${encodeURIComponent(part).replaceAll('.', '%2E')}` : part;
  if (Buffer.byteLength(safe) <= MOST_BYTES[strictness]) return safe;
  const hash = createHash('sha256').update(part).digest('hex').slice(0, 32);
  return `${SHORTENED}${hash}-${beginningOf(safe)}`;
}

/** Whole characters only. */
function beginningOf(text: string): string {
  let kept = '';
  let bytes = 0;
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > KEPT_BYTES) break;
    kept += char;
  }
  return kept;
}
