// The list of everything that the chains of a job hold: a line a segment, in the order of streams, partitions and records.
import { createHash, randomUUID } from 'node:crypto';
import type { Context } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { ObjectWriter, Store } from '../core/store.js';
import { segmentsBackwards } from './chain.js';
import type { ArchiveHead } from './format.js';
import { SCRATCH } from './layout.js';
import { createReversed, type Reversed } from './reversed.js';
import type { Totals } from './totals.js';

export interface SegmentList {
  /** Where it goes, relative to the folder. */
  readonly path: string;
  /** Of all partitions, in order. */
  readonly heads: readonly ArchiveHead[];
  /** Adds up what is listed. */
  readonly totals: Totals;
}

export async function writeSegmentList(
  ctx: Context,
  store: Store,
  folder: string,
  { path, heads, totals }: SegmentList,
): Promise<{ sha256: string; count: number }> {
  const object = await store.create(`${folder}/${path}`);
  const hash = createHash('sha256');
  const scratch = `${folder}/${SCRATCH}/${randomUUID()}`;
  try {
    for (const head of heads) {
      if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
      const lines = createReversed(store, scratch);
      await collectLines(ctx, store, folder, head, { lines, totals });
      for await (const piece of lines.read()) await writeTo(object, hash, piece);
    }
    await object.commit();
  } catch (error) {
    await object.abort().catch(() => undefined);
    throw error;
  }
  return { sha256: hash.digest('hex'), count: totals.count() };
}

async function collectLines(
  ctx: Context,
  store: Store,
  folder: string,
  head: ArchiveHead,
  { lines, totals }: { lines: Reversed; totals: Totals },
): Promise<void> {
  const { stream, partition } = head;
  for await (const segment of segmentsBackwards(store, folder, head)) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    const line = `${JSON.stringify({ stream, partition, ...segment })}\n`;
    totals.add(stream, segment, Buffer.byteLength(line));
    await lines.add(line);
  }
}

async function writeTo(
  object: ObjectWriter,
  hash: ReturnType<typeof createHash>,
  piece: Uint8Array,
): Promise<void> {
  hash.update(piece);
  await object.write(piece);
}
