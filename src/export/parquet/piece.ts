// A piece of a Parquet export: a small complete Parquet file, a row group or a few.
import { setImmediate as turn } from 'node:timers/promises';
import type { RowGroup } from 'hyparquet';
import { openObject } from '../../archive/compressed-object.js';
import type { SegmentWriter } from '../../archive/segment-writer.js';
import { cellsOf, type Cells } from '../cells.js';
import type { PiecePlace } from '../piece.js';
import { footerOf, MAGIC } from './footer.js';
import { createRowGroupEncoder } from './row-group.js';
import type { ParquetSchema } from './types.js';

/** A row group ends with the records that bring it here, as they came. All of that is in memory until then. */
const ROW_GROUP_BYTES = 8_388_608;

export interface ParquetPieceOptions {
  readonly stream: string;
  readonly schema: ParquetSchema;
  readonly inJson: boolean;
}

/** Of the committed piece, `bytes` are those before its footer. */
export async function openParquetPiece(
  { store, folder, path, seq }: PiecePlace,
  { stream, schema, inJson }: ParquetPieceOptions,
): Promise<SegmentWriter> {
  const object = await openObject(store, `${folder}/${path}`, 'none');
  const encoder = createRowGroupEncoder(stream, schema, inJson);
  const names = schema.columns.map(({ name }) => name);
  const rowGroups: RowGroup[] = [];
  let gathered: Cells[] = [];
  let gatheredBytes = 0;
  let bytes = 0;
  let records = 0;
  let extra = 0;

  async function endRowGroup(): Promise<void> {
    if (gathered.length === 0) return;
    const encoded = await encoder.encode(gathered, object.bytes, (column) => object.write(column));
    rowGroups.push(encoded.rowGroup);
    extra += encoded.extra;
    [gathered, gatheredBytes] = [[], 0];
  }

  await object.write(MAGIC);
  return {
    get bytes() {
      return bytes;
    },
    async write({ payload, records: more }) {
      records += more;
      for (const cells of cellsOf(payload, names)) {
        gathered.push(cells);
        bytes += cells.size;
        gatheredBytes += cells.size;
        if (gatheredBytes >= ROW_GROUP_BYTES) await endRowGroup();
        await turn();
      }
    },
    async commit() {
      await endRowGroup();
      const before = object.bytes;
      await object.write(footerOf(schema.elements, rowGroups));
      const { storedBytes, sha256 } = await object.commit();
      return { seq, path, records, ...(extra > 0 && { extra }), bytes: before, storedBytes, sha256 };
    },
    abort: () => object.abort(),
  };
}
