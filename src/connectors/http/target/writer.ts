// Writes one partition: records go out in requests that are cut the same way on every attempt, some of them side by side.
import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import type { Context, Page, Reject, SinkWriter, Target } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import type { Json } from '../../../core/json.js';
import { recordsOf } from '../../../records/cut.js';
import { membersOf } from '../../../records/members.js';
import { keyText } from './key-texts.js';
import type { KeyPair } from './key-runs.js';
import type { Keys } from './keys.js';
import { inParallel } from './parallel.js';
import type { Rewriter } from './references.js';
import { type Outcome, type Outgoing, type Sender } from './sender.js';

const count = z.number().int().min(0);
const stateSchema = z.object({
  /** Records of the partition before the page that the breadcrumb leads to. */
  at: count,
  /** Of those, and of that page, what is done: it is passed over. */
  done: count,
  /** Of the records that the API took. */
  bytes: count,
});
export type WriterState = z.infer<typeof stateSchema>;

export function stateOf(state: Json | null): WriterState {
  return state === null ? { at: 0, done: 0, bytes: 0 } : stateSchema.parse(state);
}

export interface WriterDeps {
  readonly ctx: Context;
  readonly target: Target;
  readonly state: WriterState;
  readonly send: Sender;
  readonly rewrite: Rewriter;
  /** Records of a request, and requests in flight. */
  readonly size: number;
  readonly concurrency: number;
  /** The field of the stream's key, where others refer to it; null: nobody does. */
  readonly key: string | null;
  readonly keys: Keys;
  /** Records that are refused are set aside; otherwise the first one is an error. */
  readonly rejects: boolean;
}

/** Records of one request. */
interface Batch {
  readonly end: number;
  readonly outgoing: readonly Outgoing[];
  /** Those that cannot be sent. */
  readonly refused: readonly Outcome[];
}

export function createPartitionWriter(deps: WriterDeps): SinkWriter {
  const { target, send, key, keys } = deps;
  let { at, done, bytes } = deps.state;
  let rejects: Reject[] = [];
  let pairs: KeyPair[] = [];
  /** Positions of the first and the last of `pairs`. */
  let noted: { readonly first: number; readonly last: number } | null = null;
  const failed = new AbortController();
  const ctx = { ...deps.ctx, stop: AbortSignal.any([deps.ctx.stop, failed.signal]) };
  // Each request in flight listens, and they are as many as they may be.
  setMaxListeners(0, ctx.stop, ctx.signal);

  /** What is done of the page is left out; it is cut as if nothing were. */
  async function batchesOf({ payload }: Page): Promise<Batch[]> {
    const sources = [...recordsOf(payload)];
    const rewritten = await deps.rewrite(sources.map(withoutLineEnd));
    const all = rewritten.map(({ body, refusal }, i) => {
      const record = { position: at + i, source: sources[i]!, body: body ?? sources[i]! };
      return { record, refusal, newKey: null };
    });
    const batches: Batch[] = [];
    for (let from = 0; from < all.length; from += deps.size) {
      const batch = batchOf(all.slice(from, from + deps.size));
      if (batch.end > done) batches.push(batch);
    }
    return batches;
  }

  function batchOf(all: readonly Outcome[]): Batch {
    const left = all.filter(({ record }) => record.position >= done);
    return {
      end: all.at(-1)!.record.position + 1,
      outgoing: left.filter(({ refusal }) => !refusal).map(({ record }) => record),
      refused: left.filter(({ refusal }) => refusal),
    };
  }

  async function deliver(batch: Batch): Promise<{ end: number; outcomes: readonly Outcome[] }> {
    const sent = batch.outgoing.length > 0 ? await send(ctx, batch.outgoing) : [];
    const outcomes = [...batch.refused, ...sent];
    const unwanted = deps.rejects ? undefined : outcomes.find(({ refusal }) => refusal);
    if (unwanted) throw errorOf(unwanted);
    return { end: batch.end, outcomes };
  }

  function errorOf({ record, refusal }: Outcome): LonghaulError {
    const place = `record ${record.position + 1} of partition ${target.partition}`;
    return new LonghaulError(refusal!.code, `${refusal!.message} (${place})`);
  }

  function keep({ end, outcomes }: { readonly end: number; readonly outcomes: readonly Outcome[] }): void {
    done = end;
    for (const { record, refusal, newKey } of outcomes) {
      if (refusal) rejects.push(rejectOf(record, refusal));
      else bytes += record.source.length;
      if (newKey !== null) note(record, newKey);
    }
  }

  function note({ position, source }: Outgoing, now: string): void {
    const old = keyText(membersOf(source)?.get(key!));
    if (old === null) return;
    pairs.push({ old, now });
    noted = { first: noted?.first ?? position, last: position };
  }

  return {
    keepsParts: true,

    async write(page) {
      const batches = await batchesOf(page);
      const { results, failure } = await inParallel(batches, deps.concurrency, deliver, () => failed.abort());
      for (const result of results) {
        // The page is not counted yet, so that its rejects cannot be: they come again with it.
        if (failure && result.outcomes.some(({ refusal }) => refusal)) break;
        keep(result);
      }
      if (failure) throw failure.error;
      at += page.records + lostFrom(page);
      done = at;
    },

    async settle() {
      const settled = rejects;
      rejects = [];
      return settled;
    },

    async flush() {
      if (noted) {
        const name = `${target.partition}-${noted.first}-${noted.last}`;
        await keys.note(target.stream, { name, pairs });
      }
      pairs = [];
      noted = null;
      return { at, done, bytes };
    },

    async abort() {
      failed.abort();
    },
  };
}

/** Records of the partition that no attempt can read keep their places. */
function lostFrom({ rejects = [] }: Page): number {
  return rejects.reduce((sum, { records }) => sum + records, 0);
}

function withoutLineEnd(record: Uint8Array): Uint8Array {
  return record.at(-1) === 0x0a ? record.subarray(0, -1) : record;
}

function rejectOf({ source }: Outgoing, { code, detail }: NonNullable<Outcome['refusal']>): Reject {
  return { code, message: detail, records: 1, payload: { format: 'jsonl', chunks: [source] } };
}
