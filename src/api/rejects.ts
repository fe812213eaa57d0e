// Pages of what a job has set aside, read from its log in the store.
import { readRejects, rejectsPlaceSchema, type LoggedReject } from '../archive/rejects-reader.js';
import { jobFolder, storeConnection } from '../core/archive-path.js';
import { LonghaulError } from '../core/errors.js';
import type { Job } from '../core/job.js';
import type { Store } from '../core/store.js';
import { decodeCursor, encodeCursor } from './cursors.js';
import type { Described } from './facts.js';
import type { RejectPage, RejectQuery, RejectView } from './result-contracts.js';
import type { Stores } from './stores.js';

const DEFAULT_LIMIT = 50;
/** A page ends with the record that brings it here. */
const PAGE_CHARS = 1_048_576;

/** Throws `request_invalid` for a cursor that no page gave, and what the store and its log throw. */
export async function listRejects(
  stores: Stores,
  { job, facts }: Described,
  { stream, cursor, limit = DEFAULT_LIMIT }: RejectQuery,
): Promise<RejectPage> {
  const from = cursor === undefined ? undefined : decodeCursor(cursor, rejectsPlaceSchema);
  const store = await stores(storeConnection(facts.request.spec));
  const rejects: RejectView[] = [];
  let chars = 0;
  let last: unknown;
  for await (const { reject, after } of readRejects(store, jobFolder(job.id), { stream, from })) {
    // Only one more says that there is another page.
    if (rejects.length === limit || chars >= PAGE_CHARS) return { rejects, next: encodeCursor(last) };
    rejects.push(shown(reject));
    chars += rejects.at(-1)!.record?.length ?? 0;
    last = after;
  }
  if (rejects.length === 0 && !from) await assertNoneLost(store, job);
  return { rejects, next: null };
}

/** A folder that this machine does not have holds nothing either. */
async function assertNoneLost(store: Store, job: Job): Promise<void> {
  const counts = job.state === 'completed' || job.state === 'failed';
  if (!counts || job.progress.rejects === 0) return;
  for await (const _ of readRejects(store, jobFolder(job.id))) return;
  throw new LonghaulError('object_missing', 'The store does not hold the rejects of the job.', {
    hint: 'The API reads the same store as the workers: a folder must be reachable from its machine too.',
  });
}

function shown({ stream, partition, code, message, records, payload }: LoggedReject): RejectView {
  const bytes = payload && withoutLineEnd(Buffer.concat(payload.chunks));
  const text = bytes?.toString('utf8') ?? null;
  const isText = bytes !== null && Buffer.from(text!).equals(bytes);
  return {
    stream,
    partition,
    code,
    message,
    records,
    record: isText ? text : (bytes?.toString('base64') ?? null),
    header: payload?.format === 'csv' ? withoutLineEnd(Buffer.from(payload.header)).toString('utf8') : null,
    encoding: bytes && (isText ? 'text' : 'base64'),
  };
}

const LF = 10;

function withoutLineEnd(bytes: Buffer): Buffer {
  return bytes.at(-1) === LF ? bytes.subarray(0, -1) : bytes;
}
