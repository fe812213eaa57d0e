// The records that a job has set aside as a source, to be tried again. Streams are described as the archive describes them.
import { z } from 'zod';
import type { Page, Partition, Payload, Reject, Source, Stream } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { backwards, type Link } from './linked.js';
import { fromStored, rejectsHeads, rejectsPartSchema, type RejectsHead } from './rejects.js';

const count = z.number().int().min(0);
/** The part to be read next, of a partition's chain. */
const placeSchema = z.object({ path: z.string(), sha256: z.string(), seq: count });
type Place = z.infer<typeof placeSchema>;

/** `folder`: of the job that set them aside. Throws `job_unknown` where there are none, and what the archive throws. */
export function createRejectsSource(archive: Source, store: Store, folder: string): Source {
  let known: RejectsHead[] | null = null;

  async function headsOf(stream: string): Promise<RejectsHead[]> {
    known ??= await allHeads(store, folder);
    return known.filter(({ target }) => target.stream === stream);
  }

  return {
    async *streams(...asked) {
      for await (const stream of archive.streams(...asked)) {
        const heads = await headsOf(stream.name);
        const estimate = heads.reduce((sum, { records }) => sum + records, 0);
        if (heads.length > 0) yield { ...stream, estimate };
      }
    },

    async *partitions(_ctx, { name }: Stream) {
      for (const head of await headsOf(name)) yield partitionOf(head);
    },

    async *read(ctx, _stream, { range }, from) {
      const start = placeSchema.parse(from ?? range);
      for await (const part of backwards(store, folder, start, rejectsPartSchema)) {
        if (ctx.stop.aborted) throw new Stopped();
        ctx.meter.request();
        yield pageOf(part.rejects.map(fromStored), part.prev && { ...part.prev, seq: part.seq - 1 });
      }
    },

    async close() {
      await archive.close();
    },
  };
}

async function allHeads(store: Store, folder: string): Promise<RejectsHead[]> {
  const heads: RejectsHead[] = [];
  for await (const head of rejectsHeads(store, folder)) heads.push(head);
  if (heads.length > 0) return heads;
  throw new LonghaulError('job_unknown', `Nothing was set aside below ${folder}.`, {
    hint: 'Name a job that has rejects: `longhaul show ID` counts them.',
  });
}

function partitionOf({ target, path, sha256, seq, records }: RejectsHead): Partition {
  return { id: target.partition, range: { path, sha256, seq }, estimate: records };
}

/** What could not be read then cannot be tried: it stays a reject. */
function pageOf(rejects: readonly Reject[], next: (Link & Place) | null): Page {
  const lost = rejects.filter(({ payload }) => payload === null);
  const payloads = rejects.flatMap(({ payload }) => payload ?? []);
  const chunks = payloads.flatMap((payload) => [...payload.chunks]);
  return {
    payload: withChunks(payloads[0], chunks),
    records: payloads.length,
    ...(lost.length > 0 && { rejects: lost }),
    next: next && { ...next },
  };
}

function withChunks(first: Payload | undefined, chunks: readonly Uint8Array[]): Payload {
  return first ? { ...first, chunks } : { format: 'jsonl', chunks };
}
