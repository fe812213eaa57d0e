// All keys of a stream in one object, in buckets, so that any of them is found by one small read. Made of the runs once,
// when the stream is whole.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Context } from '../../../core/connector.js';
import { LonghaulError, Stopped } from '../../../core/errors.js';
import type { Store } from '../../../core/store.js';
import { readAll } from '../../../core/read-all.js';
import { lineOf, runsIn, SLICES, slicesOfRuns, type KeyPair } from './key-runs.js';
import { PLACES, placeOf } from './key-texts.js';

/** What is read for a key that is not at hand. */
const BUCKET_BYTES = 16_384;
const MOST_BUCKETS = 65_536;
/** What is sorted at a time, unless a slice alone is larger. */
const PASS_BYTES = 4_194_304;

const indexSchema = z.object({
  /** Path of the object; buckets lie in it one after another. */
  table: z.string(),
  /** Where each bucket begins, and where the last one ends. */
  offsets: z.array(z.number()).min(2),
});
export type KeyIndex = z.infer<typeof indexSchema>;

/** Where the keys of a stream lie. */
export interface KeyPlace {
  readonly store: Store;
  /** Of the runs; the later goes before the earlier. */
  readonly runs: readonly string[];
  /** Of the index and its table. */
  readonly folder: string;
}

/** The index of a stream's keys, made where there is none yet. Throws `Stopped`, `chain_broken` and the errors of the store. */
export async function indexOf(ctx: Context, place: KeyPlace): Promise<KeyIndex> {
  const { store, folder } = place;
  const path = `${folder}/index.json`;
  if (!(await store.stat(path))) await makeIndex(ctx, place, path);
  const parsed = indexSchema.safeParse(JSON.parse((await readAll(store, path)).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new LonghaulError('chain_broken', `${path} is not what was written there`);
}

/** Two may make one at once: the first that is there counts, and both hold the same. */
async function makeIndex(ctx: Context, place: KeyPlace, path: string): Promise<void> {
  const { store, folder } = place;
  const table = `${folder}/table-${randomUUID()}`;
  const writer = await store.create(table);
  try {
    const offsets = await writeBuckets(ctx, place, (bytes) => writer.write(bytes));
    await writer.commit();
    const index: KeyIndex = { table, offsets };
    const isFirst = await store.put(path, Buffer.from(JSON.stringify(index)), { ifAbsent: true });
    if (!isFirst) await store.remove(table);
  } catch (error) {
    await writer.abort().catch(() => undefined);
    throw error;
  }
}

async function writeBuckets(
  ctx: Context,
  { store, runs }: KeyPlace,
  write: (bytes: Buffer) => Promise<void>,
): Promise<number[]> {
  const size = await sizeOf(store, runs);
  const buckets = SLICES * bounded(size / SLICES / BUCKET_BYTES, MOST_BUCKETS / SLICES);
  const step = SLICES / bounded(size / PASS_BYTES, SLICES);
  const offsets: number[] = [];
  let written = 0;
  for (let slice = 0; slice < SLICES; slice += step) {
    if (ctx.stop.aborted) throw new Stopped();
    const perSlice = buckets / SLICES;
    const pairs = await pairsIn(store, runs, slice, slice + step);
    for (const bucket of bucketsOf(pairs, buckets, slice * perSlice, (slice + step) * perSlice)) {
      offsets.push(written);
      written += bucket.length;
      if (bucket.length > 0) await write(bucket);
    }
  }
  return [...offsets, written];
}

/** A power of two, so that slices can be dealt out evenly. */
function bounded(value: number, most: number): number {
  return Math.min(most, 2 ** Math.max(0, Math.ceil(Math.log2(value))));
}

async function sizeOf(store: Store, folders: readonly string[]): Promise<number> {
  let total = 0;
  for await (const { size } of runsIn(store, folders)) total += size;
  return total;
}

/** Each key once: a part of a stream that was written again has the same keys in two runs. */
async function pairsIn(
  store: Store,
  runs: readonly string[],
  first: number,
  end: number,
): Promise<ReadonlyMap<string, string>> {
  const pairs = new Map<string, string>();
  for await (const slice of slicesOfRuns(store, runs, first, end)) {
    for (const { old, now } of slice) pairs.set(old, now);
  }
  return pairs;
}

/** The buckets from `first` up to and without `end`, of so many that there are in all. */
function* bucketsOf(
  pairs: ReadonlyMap<string, string>,
  buckets: number,
  first: number,
  end: number,
): Generator<Buffer> {
  const filled: KeyPair[][] = Array.from({ length: end - first }, () => []);
  for (const [old, now] of pairs) filled[bucketOf(old, buckets) - first]!.push({ old, now });
  for (const bucket of filled) yield Buffer.concat(bucket.map(lineOf));
}

export function bucketOf(old: string, buckets: number): number {
  return Math.floor(placeOf(old) / (PLACES / buckets));
}
