// Puts Parquet pieces together: their row groups one after the other, and one footer for all of them.
import { randomUUID } from 'node:crypto';
import { SCRATCH } from '../../archive/layout.js';
import type { SegmentLine } from '../../archive/format.js';
import type { Store } from '../../core/store.js';
import type { JoinedFile } from '../join.js';
import { footerAround, MAGIC, movedRowGroups, TAIL_BYTES, tailOf } from './footer.js';
import type { ParquetSchema } from './types.js';

/** What the footer says of the row groups waits in the store: there may be many. */
export async function joinParquet(
  { store, folder }: { readonly store: Store; readonly folder: string },
  { elements }: ParquetSchema,
  pieces: AsyncIterable<SegmentLine>,
  file: JoinedFile,
): Promise<void> {
  const scratch = `${folder}/${SCRATCH}/${randomUUID()}`;
  const waiting = await store.create(scratch);
  const sums = { rowGroups: 0, records: 0n };
  try {
    await file.write(MAGIC);
    for await (const piece of pieces) {
      const moved = file.size - MAGIC.length;
      const rest = await file.copy(piece, { start: MAGIC.length, end: piece.bytes });
      for (const { bytes, records } of movedRowGroups(rest.subarray(0, -TAIL_BYTES), moved)) {
        await waiting.write(bytes);
        sums.rowGroups += 1;
        sums.records += records;
      }
    }
    await waiting.commit();
  } catch (error) {
    await waiting.abort().catch(() => undefined);
    throw error;
  }
  const { before, after } = footerAround(elements, sums);
  const start = file.size;
  await file.write(before);
  for await (const bytes of store.read(scratch)) await file.write(bytes);
  await file.write(after);
  await file.write(tailOf(file.size - start));
  await store.remove(scratch);
}
