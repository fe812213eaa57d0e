// Compares one stream: all runs of both sides in one order. What came of it is kept, so that it is done once.
import { z } from 'zod';
import { segmentsBackwards } from '../archive/chain.js';
import { partSchema, type ArchiveHead } from '../archive/format.js';
import { readAll } from '../core/read-all.js';
import { decodeJson, encodeJson, readIfThere } from '../archive/objects.js';
import type { Context } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { createCounter } from './counter.js';
import { countsSchema, indexSchema } from './differences.js';
import { resultPath, RUNS } from './layout.js';
import { createLevels } from './levels.js';
import { createList, type Place } from './list.js';
import { merge } from './merge.js';
import { sideAndStream } from './names.js';

const count = z.number().int().min(0);

const streamResultSchema = z.object({
  stream: z.string(),
  counts: countsSchema,
  /** Where one side only has the stream. */
  only: z.enum(['archive', 'against']).nullable(),
  /** Of both sides. */
  bytes: count,
  listed: count,
  parts: indexSchema.shape.parts,
});
export type StreamResult = z.infer<typeof streamResultSchema>;

export interface StreamWork {
  readonly stream: string;
  /** Of both sides. */
  readonly heads: readonly ArchiveHead[];
  /** Differences that may be listed. */
  readonly room: number;
}

export async function compareStream(ctx: Context, place: Place, work: StreamWork): Promise<StreamResult> {
  const path = `${place.folder}/${RUNS}/${resultPath(place.work, work.stream)}`;
  const known = await readIfThere(place.store, path);
  if (known) return decodeJson(known, streamResultSchema, 'chain_broken', path);
  const result = await compared(ctx, place, work);
  await place.store.put(path, encodeJson(result));
  return result;
}

async function compared(ctx: Context, place: Place, work: StreamWork): Promise<StreamResult> {
  const { stream, heads, room } = work;
  const list = createList(place, stream, room);
  const counter = createCounter((found) => list.add(found));
  await merge(ctx, place.store, await runsOf(ctx, place, heads), (bytes, at) => counter.take(bytes, at));
  const { counts, entries } = await counter.end();
  checkSum(stream, heads, entries);
  return { stream, counts, only: onlySide(heads), bytes: await bytesOf(place, heads), ...(await list.end()) };
}

async function runsOf(
  ctx: Context,
  { store, folder }: Place,
  heads: readonly ArchiveHead[],
): Promise<readonly string[]> {
  const runs = `${folder}/${RUNS}`;
  const levels = createLevels(ctx, store, runs);
  for (const head of heads) {
    for await (const { path } of segmentsBackwards(store, runs, head)) await levels.add(`${runs}/${path}`);
  }
  return levels.rest();
}

function checkSum(stream: string, heads: readonly ArchiveHead[], entries: number): void {
  const records = heads.reduce((sum, head) => sum + head.records, 0);
  if (records === entries) return;
  const message = `The work files of stream ${stream} hold ${entries} records, ${records} were read.`;
  throw new LonghaulError('chain_broken', message);
}

function onlySide(heads: readonly ArchiveHead[]): StreamResult['only'] {
  const sides = new Set(heads.map((head) => sideAndStream(head.stream).side));
  return sides.size === 1 ? [...sides][0]! : null;
}

async function bytesOf({ store, folder }: Place, heads: readonly ArchiveHead[]): Promise<number> {
  let bytes = 0;
  for (const { state } of heads) {
    const path = `${folder}/${RUNS}/${state.path}`;
    bytes += decodeJson(await readAll(store, path), partSchema, 'chain_broken', path).tallies.bytes;
  }
  return bytes;
}
