// The sink that fills a folder of a store: claimed first, written in chains, published by one object that is written last.
// What is written and published is its kind's: an archive, or an export. Every step may be repeated, or run twice at once.
import type { Context, SealSummary, Sink, SinkWriter, Stream, Target } from '../core/connector.js';
import type { Json, JsonObject } from '../core/json.js';
import { newestAfter } from './chain.js';
import {
  claim,
  isClaimed,
  isSealed,
  putDiscarded,
  readClaim,
  readEnding,
  withdrawn,
  type Folder,
} from './claim.js';
import { ledgerRefSchema, partRefSchema, type ArchiveHead, type Claim, type PartRef } from './format.js';
import { CLAIM, WORK } from './layout.js';
import { addToLedger, allHeads } from './ledger.js';

export interface FolderKind {
  readonly claim: Claim;
  /** Keeps, or refuses, what is to be known of a stream until the end. */
  describe(stream: Stream): Promise<void>;
  /** `from`: where the chain of the partition stands; null: at its beginning. */
  open(target: Target, from: PartRef | null): Promise<SinkWriter>;
  /** Writes what is left, and the folder's ending last, if it is not there yet. */
  publish(ctx: Context, work: FolderWork): Promise<void>;
  /** After the ending is there: clears away what it does not need, and sums it up. */
  finish(): Promise<SealSummary>;
  /** After a publish that failed, of a job that was given up: removes what it may have written after that. */
  withdraw(): Promise<void>;
}

export interface FolderWork {
  /** Of all partitions, in order. */
  readonly heads: readonly ArchiveHead[];
  readonly report: JsonObject;
}

/** Beside the errors of its store it throws `archive_exists` and `chain_broken`. */
export function createFolderSink(folder: Folder, kind: FolderKind): Sink {
  const { store, path } = folder;

  async function seal(ctx: Context, work: Parameters<Sink['seal']>[1]): Promise<SealSummary> {
    try {
      if (!(await isSealed(folder))) await publish(ctx, work);
    } catch (error) {
      // Another attempt may have sealed it meanwhile and cleared away what this one was reading.
      const ending = await readEnding(folder);
      if (ending?.kind !== 'sealed' || ending.job !== folder.job) {
        await withdraw();
        throw error;
      }
    }
    return kind.finish();
  }

  async function publish(ctx: Context, work: Parameters<Sink['seal']>[1]): Promise<void> {
    if (!(await isClaimed(folder))) throw withdrawn(path);
    const heads = await allHeads(store, path, ledgerOf(work.settled), work.heads);
    await kind.publish(ctx, { heads, report: work.report });
  }

  /** Where the job was given up meanwhile, nobody else clears away what the seal still wrote. */
  async function withdraw(): Promise<void> {
    const [claimed, ending] = [await readClaim(store, path), await readEnding(folder)];
    if (claimed || ending?.kind === 'sealed') return;
    await store.removeAll(`${path}/${WORK}`);
    await kind.withdraw();
    await store.sweep(path);
  }

  return { ...createFilling(folder, kind), seal };
}

/** All of such a sink but its seal: claims the folder, fills it, and gives it up. */
export function createFilling(
  folder: Folder,
  kind: Pick<FolderKind, 'claim' | 'describe' | 'open'>,
): Omit<Sink, 'seal'> {
  const { store, path } = folder;
  return {
    async begin(_ctx, streams) {
      if (await isSealed(folder)) return;
      await claim(folder, kind.claim);
      for (const stream of streams) await kind.describe(stream);
      // One that was overtaken by the job's end must not leave work files in what is done.
      if (await isSealed(folder)) await store.removeAll(`${path}/${WORK}`);
    },

    recover: (_ctx, target, state) => newestAfter(store, path, target, refOf(state)),

    open: (_ctx, target, state) => kind.open(target, refOf(state)),

    async settle(_ctx, heads, settled) {
      if (heads.length === 0) return settled;
      const added = await addToLedger(store, path, heads, ledgerOf(settled));
      return { ...added };
    },

    discard: () => discard(folder),

    close: () => store.close(),
  };
}

const refOf = (state: Json | null) => (state === null ? null : partRefSchema.parse(state));
const ledgerOf = (settled: Json | null) => (settled === null ? null : ledgerRefSchema.parse(settled));

/**
 * The mark in the place of the ending decides against a seal at the same time, and lets a repeated call go on after the
 * claim is gone; so it goes last, when nothing else is left.
 */
async function discard(folder: Folder): Promise<void> {
  const { store, path, job } = folder;
  const begun = await readEnding(folder);
  const isMine = begun ? begun.kind === 'discarded' && begun.job === job : await isClaimed(folder);
  if (!isMine) return;
  const ending = await putDiscarded(folder);
  if (ending?.kind !== 'discarded' || ending.job !== job) return;
  await store.remove(`${path}/${CLAIM}`);
  await clearFolder(folder);
}

/** Of a folder whose ending is a mark, which goes last. `each` is called before each object is removed, and may throw. */
export async function clearFolder(folder: Folder, each: () => void = () => undefined): Promise<void> {
  const { store, path, ending } = folder;
  do await store.sweep(path);
  while (await removeOthers(folder, each));
  await store.remove(`${path}/${ending}`);
  await store.sweep(path);
}

/** Everything but the mark. Says whether there was anything: a writer that is still at work may add to it once more. */
async function removeOthers({ store, path, ending }: Folder, each: () => void): Promise<boolean> {
  let found = false;
  for await (const object of store.list(path)) {
    if (object.path === `${path}/${ending}`) continue;
    each();
    await store.remove(object.path);
    found = true;
  }
  return found;
}

/**
 * Puts the folder's ending there, if there is none. If the claim is gone right after, then either another seal has cleared
 * up behind this ending, or the job was given up before it: that took `witness` away as well, and the ending must go too.
 * `witness`: an object that stays beside the ending, written before it; relative to the folder.
 */
export async function putEnding(folder: Folder, content: Uint8Array, witness: string): Promise<void> {
  const { store, path, ending } = folder;
  if (!(await store.put(`${path}/${ending}`, content, { ifAbsent: true }))) {
    if (!(await isSealed(folder))) throw withdrawn(path);
    return;
  }
  if (await isClaimed(folder)) return;
  if (await store.stat(`${path}/${witness}`)) return;
  await store.remove(`${path}/${ending}`);
  throw withdrawn(path);
}
