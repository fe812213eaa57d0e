// Pieces: what chunks write, one object after the other, until the files are put together of them.
import { setImmediate as turn } from 'node:timers/promises';
import type { Page } from '../core/connector.js';
import type { Compression } from '../archive/format.js';
import { openObject } from '../archive/compressed-object.js';
import type { SegmentWriter } from '../archive/segment-writer.js';
import type { Store } from '../core/store.js';
import { cellsOf, type Cells } from './cells.js';

export interface PiecePlace {
  readonly store: Store;
  /** Of the export. */
  readonly folder: string;
  /** Of the piece, within that. */
  readonly path: string;
  readonly seq: number;
}

/** Turns records into others, in the order they come in. */
export interface Rows {
  readonly columns: readonly string[];
  write(cells: Cells): Uint8Array;
  /** Records so far that have something in the column for what no other can hold. */
  extra(): number;
}

/** Records as they came, or as `rows` turns them into others. Neither has a header. */
export async function openRowsPiece(
  { store, folder, path, seq }: PiecePlace,
  compression: Compression,
  rows: Rows | null,
): Promise<SegmentWriter> {
  const object = await openObject(store, `${folder}/${path}`, compression);
  let records = 0;

  async function write({ payload }: Page): Promise<void> {
    if (rows === null) for (const chunk of payload.chunks) await object.write(chunk);
    else
      for (const cells of cellsOf(payload, rows.columns)) {
        await object.write(rows.write(cells));
        await turn();
      }
  }

  return {
    get bytes() {
      return object.bytes;
    },
    async write(page) {
      await write(page);
      records += page.records;
    },
    async commit() {
      const extra = rows?.extra() ?? 0;
      return { seq, path, records, ...(extra > 0 && { extra }), ...(await object.commit()) };
    },
    abort: () => object.abort(),
  };
}
