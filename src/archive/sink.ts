// The archive as the sink of a backup. Every step may be repeated, or run in two processes at once.
import type { Context, SealSummary, Sink, Stream } from '../core/connector.js';
import type { Json } from '../core/json.js';
import type { Store } from '../core/store.js';
import { newestAfter } from './chain.js';
import { claim, isClaimed, putDiscarded, readClaim, readEnding, withdrawn } from './claim.js';
import {
  FORMAT,
  ledgerRefSchema,
  partRefSchema,
  streamSchema,
  type Claim,
  type Compression,
  type StreamDescription,
} from './format.js';
import { CLAIM, folderName, MANIFEST, STREAMS, WORK } from './layout.js';
import { addToLedger, allHeads } from './ledger.js';
import { readManifest } from './manifest.js';
import { decodeJson, encodeJson, readAll } from './objects.js';
import { createPartitionWriter } from './partition-writer.js';
import { isSealedBy, publish, summaryOf, tidy, withdrawSeal } from './seal.js';

export interface ArchiveSinkOptions {
  /** The archive's folder in the store: prefix and id. */
  readonly path: string;
  readonly archiveId: string;
  readonly jobId: string;
  /** ISO time of the job's request. */
  readonly createdAt: string;
  readonly compression: Compression;
  readonly source: { readonly connection: string; readonly type: string };
  /** A segment ends with the page that brings it here; before compression. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** What segments hold, in their names, where that is not their pages' encoding. */
  readonly holds?: string;
  /** Epoch ms. */
  readonly now?: () => number;
}

const SEGMENT_BYTES = 67_108_864;

/** Beside the errors of its store it throws `archive_exists` and `chain_broken`. */
export function createArchiveSink(store: Store, options: ArchiveSinkOptions): Sink {
  const { path, jobId, compression, segmentBytes = SEGMENT_BYTES, now = Date.now } = options;
  const mine: Claim = {
    format: FORMAT,
    id: options.archiveId,
    job: jobId,
    createdAt: options.createdAt,
    source: options.source,
    compression,
  };

  /** `archive_exists` where another job sealed it. */
  const isSealed = () => isSealedBy(store, path, jobId);

  return {
    async begin(_ctx, streams) {
      if (await isSealed()) return;
      await claim(store, path, mine);
      for (const stream of streams) await describe(store, path, stream);
      // One that was overtaken by the job's end must not leave work files in what is done.
      if (await isSealed()) await store.removeAll(`${path}/${WORK}`);
    },

    recover: (_ctx, target, state) => newestAfter(store, path, target, refOf(state)),

    open: async (_ctx, target, state) =>
      createPartitionWriter({
        store,
        archive: path,
        job: jobId,
        target,
        from: refOf(state),
        compression,
        segmentBytes,
        holds: options.holds,
      }),

    async settle(_ctx, heads, settled) {
      if (heads.length === 0) return settled;
      const added = await addToLedger(store, path, heads, ledgerOf(settled));
      return { ...added };
    },

    seal: (ctx, work) => seal(ctx, work),

    discard: () => discard(store, path, jobId),

    close: () => store.close(),
  };

  async function seal(ctx: Context, work: Parameters<Sink['seal']>[1]): Promise<SealSummary> {
    try {
      if (!(await isSealed())) await publishAll(ctx, work);
    } catch (error) {
      // Another attempt may have sealed it meanwhile and cleared away what this one was reading.
      const ending = await readEnding(store, path);
      if (ending?.kind !== 'sealed' || ending.job !== jobId) {
        await withdrawSeal(store, path);
        throw error;
      }
    }
    const manifest = await readManifest(store, path);
    await tidy(store, path, manifest);
    return summaryOf(manifest);
  }

  async function publishAll(ctx: Context, work: Parameters<Sink['seal']>[1]): Promise<void> {
    if (!(await isClaimed(store, path, jobId))) throw withdrawn(path);
    await publish(ctx, store, path, {
      claim: (await readClaim(store, path)) ?? mine,
      streams: await describedStreams(store, path),
      heads: await allHeads(store, path, ledgerOf(work.settled), work.heads),
      report: work.report,
      completedAt: new Date(now()).toISOString(),
    });
  }
}

const refOf = (state: Json | null) => (state === null ? null : partRefSchema.parse(state));
const ledgerOf = (settled: Json | null) => (settled === null ? null : ledgerRefSchema.parse(settled));

async function describe(store: Store, path: string, stream: Stream): Promise<void> {
  const { name, encoding, key, schema } = stream;
  await store.put(`${path}/${STREAMS}/${folderName(name)}.json`, encodeJson({ name, encoding, key, schema }));
}

async function describedStreams(store: Store, path: string): Promise<readonly StreamDescription[]> {
  const streams: StreamDescription[] = [];
  for await (const object of store.list(`${path}/${STREAMS}`)) {
    streams.push(decodeJson(await readAll(store, object.path), streamSchema, 'chain_broken', object.path));
  }
  return streams.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The mark at manifest.json decides against a seal at the same time, and lets a repeated call go on after the claim is
 * gone; so it goes last, when nothing else is left.
 */
async function discard(store: Store, path: string, job: string): Promise<void> {
  const begun = await readEnding(store, path);
  const isMine = begun ? begun.kind === 'discarded' && begun.job === job : await isClaimed(store, path, job);
  if (!isMine) return;
  const ending = await putDiscarded(store, path, job);
  if (ending?.kind !== 'discarded' || ending.job !== job) return;
  await store.remove(`${path}/${CLAIM}`);
  do await store.sweep(path);
  while (await removeOthers(store, path));
  await store.remove(`${path}/${MANIFEST}`);
  await store.sweep(path);
}

/** Everything but the mark. Says whether there was anything: a writer that is still at work may add to it once more. */
async function removeOthers(store: Store, path: string): Promise<boolean> {
  let found = false;
  for await (const object of store.list(path)) {
    if (object.path === `${path}/${MANIFEST}`) continue;
    await store.remove(object.path);
    found = true;
  }
  return found;
}
