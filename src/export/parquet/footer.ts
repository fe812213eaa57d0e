// The end of a Parquet file, which says what is in it: read and written struct by struct, so that those of many row groups
// are never in memory together, and each keeps every byte but the places in it.
import type { RowGroup, SchemaElement } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';

export const MAGIC = Buffer.from('PAR1');

/** Length of the struct, and the magic number again. */
export const TAIL_BYTES = 8;

const CREATED_BY = 'longhaul';

/** Everything that follows the row groups of one small file. */
export function footerOf(schema: SchemaElement[], rowGroups: readonly RowGroup[]): Uint8Array {
  const writer = new ByteWriter();
  const num_rows = rowGroups.reduce((sum, { num_rows: rows }) => sum + rows, 0n);
  writeMetadata(writer, {
    version: 2,
    created_by: CREATED_BY,
    schema,
    num_rows,
    row_groups: [...rowGroups],
    metadata_length: 0,
  });
  writer.appendBytes(MAGIC);
  return writer.getBytes();
}

/** The struct FileMetaData by the numbers of its fields: 2 schema, 3 records, 4 row groups, 6 and 7 what follows them. */
interface Fields {
  readonly field_1: number;
  readonly field_2: readonly object[];
  readonly field_3: bigint;
  readonly field_4: readonly RowGroupFields[];
  readonly field_6: Uint8Array;
  readonly field_7: readonly object[];
}

/** 1 columns, 3 records. */
interface RowGroupFields {
  readonly field_1: readonly ColumnFields[];
  readonly field_3: bigint;
}

/** 2 its place, 3 its metadata, with 9 the place of its data and 11 of its dictionary. */
interface ColumnFields {
  readonly field_2: bigint;
  readonly field_3: { readonly field_9: bigint; readonly field_11?: bigint };
}

/** One row group of a footer, moved. */
export interface MovedRowGroup {
  readonly records: bigint;
  readonly bytes: Uint8Array;
}

/** The row groups that a footer tells of, as they are `by` bytes further on. */
export function movedRowGroups(footer: Uint8Array, by: number): MovedRowGroup[] {
  const { field_4: rowGroups } = fieldsOf(footer);
  return rowGroups.map((rowGroup) => ({
    records: rowGroup.field_3,
    bytes: serialized({ ...rowGroup, field_1: rowGroup.field_1.map((column) => moved(column, BigInt(by))) }),
  }));
}

function moved(column: ColumnFields, by: bigint): ColumnFields {
  const { field_9: data, field_11: dictionary } = column.field_3;
  const metadata = {
    ...column.field_3,
    field_9: data + by,
    ...(dictionary !== undefined && { field_11: dictionary + by }),
  };
  return { ...column, field_2: column.field_2 + by, field_3: metadata };
}

/** What stands before and after the row groups in the footer of a file of all of them, its end included. */
export function footerAround(
  schema: SchemaElement[],
  { rowGroups, records }: { readonly rowGroups: number; readonly records: bigint },
): { before: Uint8Array; after: Uint8Array } {
  const { field_1, field_2, field_6, field_7 } = fieldsOf(footerOf(schema, []));
  const writer = new ByteWriter();
  writer.appendBytes(withoutStop(serialized({ field_1, field_2, field_3: records })));
  writer.appendUint8((1 << 4) | LIST);
  listHeader(writer, rowGroups);
  // As if field 4 were a boolean, which has no bytes of its own: the next field's number is told by its distance.
  const after = serialized({ field_4: true, field_6, field_7 }).subarray(1);
  return { before: writer.getBytes(), after };
}

/** What ends the file after a struct of so many bytes. */
export function tailOf(structBytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(structBytes);
  return Buffer.concat([length, MAGIC]);
}

const LIST = 9;
const STRUCT = 12;

function listHeader(writer: ByteWriter, size: number): void {
  writer.appendUint8((Math.min(size, 15) << 4) | STRUCT);
  if (size >= 15) writer.appendVarInt(size);
}

function fieldsOf(footer: Uint8Array): Fields {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  return deserializeTCompactProtocol({ view, offset: 0 }) as unknown as Fields;
}

function serialized(fields: object): Uint8Array {
  const writer = new ByteWriter();
  serializeTCompactProtocol(writer, { ...fields });
  return writer.getBytes();
}

function withoutStop(struct: Uint8Array): Uint8Array {
  return struct.subarray(0, -1);
}
