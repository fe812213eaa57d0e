// Writes the objects of one partition into a target: small ones side by side, the pieces of a large one after each other.
import { z } from 'zod';
import type { Context, Reject, SinkWriter } from '../../core/connector.js';
import { LonghaulError, type ErrorCode } from '../../core/errors.js';
import { entriesOf, type WholeEntry } from '../../records/tar/entry.js';
import { createLargeWriter, openSchema } from './large.js';
import { expectSame } from './same.js';
import type { ObjectTarget } from './target.js';

const count = z.number().int().min(0);
/** What a flush returns. `open`: the object of which some pieces are written. */
export const stateSchema = z.object({ records: count, bytes: count, open: openSchema.nullable() });
export type WriterState = z.infer<typeof stateSchema>;

export interface WriterOptions {
  readonly target: ObjectTarget;
  readonly from: WriterState | null;
  readonly replace: boolean;
  /** What makes an object a reject; any other error ends the writing. */
  readonly refusals: ReadonlySet<ErrorCode>;
  /** Small objects at once. */
  readonly concurrency: number;
}

export function createObjectWriter(ctx: Context, options: WriterOptions): SinkWriter {
  const { target, replace, concurrency } = options;
  const large = createLargeWriter(ctx, target, replace, options.from?.open ?? null);
  let refused: Reject[] = [];
  /** Why the large object is refused whose pieces are coming. */
  let lost: LonghaulError | null = null;

  /** The refusal, where the job allows it. */
  async function refusalOf(write: () => Promise<void>): Promise<LonghaulError | null> {
    try {
      await write();
      return null;
    } catch (error) {
      if (error instanceof LonghaulError && options.refusals.has(error.code)) return error;
      throw error;
    }
  }

  async function putSmall(found: WholeEntry): Promise<void> {
    const error = await refusalOf(() => put(found));
    if (error) refused.push(rejectOf(error, found.raw));
  }

  async function put({ entry, body }: WholeEntry): Promise<void> {
    if (!(await target.put(ctx, entry, body, replace))) await expectSame(ctx, target, entry, body);
  }

  /** An object counts with its last piece, as a record and as a reject. */
  async function addPiece(piece: WholeEntry): Promise<void> {
    const error = await refusalOf(() => large.add(piece));
    lost = piece.entry.offset === 0 ? error : (lost ?? error);
    if (lost && piece.isLast) refused.push(rejectOf(lost, null));
    if (piece.isLast) lost = null;
  }

  return {
    async write({ payload }) {
      const small: WholeEntry[] = [];
      for (const found of entriesOf(Buffer.concat([...payload.chunks]))) {
        if (found.bodyLength === found.entry.size) small.push(found);
        else await addPiece(found);
      }
      await sideBySide(small, concurrency, putSmall);
    },
    settle: async () => refused.splice(0),
    async flush({ tallies: { records, bytes } }) {
      await target.sync();
      return { records, bytes, open: large.state() } satisfies WriterState;
    },
    abort: async () => undefined,
  };
}

/** The log of rejects is no place for large objects, which the archive still has. */
const MOST_KEPT = 1_048_576;

function rejectOf({ code, message }: LonghaulError, raw: Uint8Array | null): Reject {
  const kept = raw && raw.length <= MOST_KEPT ? ({ format: 'tar', chunks: [raw] } as const) : null;
  return { code, message, records: 1, payload: kept };
}

/** `most` at a time. The first failure is thrown once what was begun has ended. */
async function sideBySide<T>(
  items: readonly T[],
  most: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lanes = Array.from({ length: most }, async () => {
    for (const item of rest) await run(item);
  });
  for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason;
}
