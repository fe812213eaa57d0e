// Reads the log of rejects of a job, from any place in it: the latest of each partition first, since a log is a chain backwards.
import { z } from 'zod';
import type { Reject } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { backwards } from './linked.js';
import { fromStored, REJECTS, rejectsHeads, rejectsPartSchema, type RejectsHead } from './rejects.js';

/** A reject as it is read back, with where it came from. */
export interface LoggedReject extends Reject {
  readonly stream: string;
  readonly partition: string;
}

const PART_PATH = new RegExp(`^${REJECTS}(/(?!\\.\\.?/)[a-z0-9_.-]+){3}$`);

/** How far a reader has come in the log that `head` ends: the first `left` rejects of the part and the parts before it are to come. */
export const rejectsPlaceSchema = z.object({
  head: z.string(),
  part: z.object({
    path: z.string().regex(PART_PATH),
    sha256: z.string(),
    seq: z.number().int().min(0),
  }),
  left: z.number().int().min(0),
});
export type RejectsPlace = z.infer<typeof rejectsPlaceSchema>;

export interface RejectsQuery {
  readonly stream?: string | undefined;
  /** `after` of the last reject that was read. What is set aside in that partition since then is not shown. */
  readonly from?: RejectsPlace | undefined;
}

/**
 * Partition by partition; holds one part in memory, about a MiB. Throws `chain_broken` where the log was changed or the
 * place is none of it.
 */
export async function* readRejects(
  store: Store,
  folder: string,
  { stream, from }: RejectsQuery = {},
): AsyncGenerator<{ readonly reject: LoggedReject; readonly after: RejectsPlace }> {
  for await (const head of rejectsHeads(store, folder, from?.head)) {
    if (stream !== undefined && head.target.stream !== stream) continue;
    yield* readLog(store, folder, head, from?.head === head.head ? from : beginning(head));
  }
}

function beginning({ head, path, sha256, seq }: RejectsHead & { head: string }): RejectsPlace {
  return { head, part: { path, sha256, seq }, left: Infinity };
}

async function* readLog(
  store: Store,
  folder: string,
  { head, target }: RejectsHead & { readonly head: string },
  from: RejectsPlace,
): AsyncGenerator<{ readonly reject: LoggedReject; readonly after: RejectsPlace }> {
  let { part, left } = from;
  const { stream, partition } = target;
  for await (const { rejects, prev } of backwards(store, folder, part, rejectsPartSchema)) {
    for (let at = Math.min(left, rejects.length) - 1; at >= 0; at -= 1) {
      const reject = { ...fromStored(rejects[at]!), stream, partition };
      yield { reject, after: { head, part, left: at } };
    }
    if (prev) part = { ...prev, seq: part.seq - 1 };
    left = Infinity;
  }
}
