// Puts the entries that a page refers to in their places. A page of references stands for far more bytes than it has.
import type { Reject } from '../core/connector.js';
import { entriesOf, type WholeEntry } from '../records/tar/entry.js';
import { NamedDamage } from './damage.js';
import type { Referred } from './referred.js';
import type { SegmentPage } from './segment-pages.js';

const PAGE_BYTES = 1_048_576;

/** `pass`: an entry that is not there any more is a reject; else it throws `NamedDamage`. */
export async function* resolved(
  referred: Referred,
  { page, start, end }: SegmentPage,
  pass: boolean,
): AsyncGenerator<SegmentPage> {
  let at = start;
  let open = empty();
  const take = (to: number): SegmentPage => {
    const { chunks, rejects, records } = open;
    open = empty();
    const payload = { format: 'tar', chunks } as const;
    return { page: { payload, records, ...(rejects.length > 0 && { rejects }) }, start: at, end: to };
  };
  for (const found of entriesOf(Buffer.concat([...page.payload.chunks]))) {
    if (open.bytes >= PAGE_BYTES) yield take(at);
    const entry = await entryOf(referred, found, pass);
    at += found.raw.length;
    open.bytes += 'raw' in entry ? entry.raw.length : 0;
    if ('raw' in entry) open.chunks.push(entry.raw);
    // An object of several pieces counts with its last one, here as well.
    else if (found.isLast) open.rejects.push(entry.reject);
    if ('raw' in entry && found.isLast) open.records += 1;
  }
  yield take(end);
}

const empty = () => ({ chunks: [] as Uint8Array[], rejects: [] as Reject[], records: 0, bytes: 0 });

async function entryOf(
  referred: Referred,
  { raw, reference }: WholeEntry,
  pass: boolean,
): Promise<{ readonly raw: Uint8Array } | { readonly reject: Reject }> {
  if (!reference) return { raw };
  try {
    return { raw: await referred.entry(reference) };
  } catch (error) {
    if (!pass || !(error instanceof NamedDamage)) throw error;
    const message = `${reference.key} is lost: ${error.path}: ${error.message}.`;
    return { reject: { code: 'archive_damaged', message, records: 1, payload: null } };
  }
}
