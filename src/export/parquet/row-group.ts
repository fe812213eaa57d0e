// One row group: records are gathered as the bytes they came in, and become columns one after the other.
import { setImmediate as turn } from 'node:timers/promises';
import type { RowGroup, SchemaElement, SchemaTree } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { encodeNestedValues } from 'hyparquet-writer/src/dremel.js';
import { schemaPathResolver } from 'hyparquet-writer/src/schema.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { LonghaulError } from '../../core/errors.js';
import type { Cells } from '../cells.js';
import { addUnfit, extraOf, type Unfit } from '../extra.js';
import type { ParquetColumn, ParquetSchema } from './types.js';
import { readerOfFields, readerOfTokens, type Read, type Value } from './values.js';

const PAGE_BYTES = 1_048_576;

export interface EncodedRowGroup {
  readonly rowGroup: RowGroup;
  /** Records that have something in the column for what does not fit. */
  readonly extra: number;
}

export interface RowGroupEncoder {
  /** `offset`: where in its file it begins. Memory: the encoded bytes of one column at a time. */
  encode(
    batches: readonly Cells[],
    offset: number,
    out: (bytes: Uint8Array) => Promise<void>,
  ): Promise<EncodedRowGroup>;
}

type Values = (Value | null)[];

/** `inJson`: cells are members of JSON objects, else fields of CSV. Throws `format_unfit`. */
export function createRowGroupEncoder(
  stream: string,
  schema: ParquetSchema,
  inJson: boolean,
): RowGroupEncoder {
  const { columns, extra } = schema;
  const pathOf = schemaPathResolver(schema.elements);
  const leaves = new Map(
    [...columns, ...(extra ? [extra] : [])].map((each) => [each, leafOf(pathOf([each.name]))]),
  );
  const readers = columns.map(({ kind }) => (inJson ? readerOfTokens(kind) : readerOfFields(kind)));

  function valuesOf(batches: readonly Cells[], place: number, unfit: readonly Unfit[]): Values {
    const column = columns[place]!;
    const values = batches.flatMap((cells, batch) =>
      columnValues(cells, place, readers[place]!, (record, text) =>
        addUnfit(unfit[batch]!, record, column.name, inJson ? text : JSON.stringify(fieldOf(text))),
      ),
    );
    const isRequired = column.elements[0]?.repetition_type === 'REQUIRED';
    if (isRequired && values.includes(null)) throw notNull(stream, column);
    return values;
  }

  function encodeColumn(column: ParquetColumn, values: Values, offset: number) {
    const writer = new ByteWriter();
    writer.offset = offset;
    const leaf = leaves.get(column)!;
    const { chunk } = writeColumn({
      writer,
      column: encoderOf(column, leaf),
      pageData: encodeNestedValues(leaf, values),
    });
    return { chunk, bytes: writer.getBytes() };
  }

  return {
    async encode(batches, offset, out) {
      const unfit = batches.map((): Unfit => new Map());
      const chunks: RowGroup['columns'] = [];
      let at = offset;
      const add = async (column: ParquetColumn, values: Values): Promise<void> => {
        const { chunk, bytes } = encodeColumn(column, values, at);
        chunks.push(chunk);
        at += bytes.length;
        await out(bytes);
        await turn();
      };
      for (const [place, column] of columns.entries()) await add(column, valuesOf(batches, place, unfit));
      const rest = batches.flatMap((cells, batch) => extraValues(cells, unfit[batch]!));
      if (extra) await add(extra, rest);
      const rowGroup = rowGroupOf(chunks, rest.length, at - offset);
      return { rowGroup, extra: rest.filter((value) => value !== null).length };
    },
  };
}

function columnValues(
  { bytes, bounds, records, width }: Cells,
  place: number,
  read: Read,
  miss: (record: number, text: string) => void,
): Values {
  const values: Values = Array.from({ length: records });
  for (let record = 0, at = place * 2; record < records; record += 1, at += width * 2) {
    const [start, end] = [bounds[at]!, bounds[at + 1]!];
    const value = start === end ? null : read(bytes, start, end);
    values[record] = value;
    if (value === null && start < end) miss(record, bytes.toString('utf8', start, end));
  }
  return values;
}

function extraValues(cells: Cells, unfit: Unfit): Values {
  return Array.from({ length: cells.records }, (_, record) => {
    const text = extraOf(cells, unfit, record);
    return text === null ? null : Buffer.from(text);
  });
}

/** The text of a CSV field. */
function fieldOf(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function leafOf(path: readonly SchemaTree[]): SchemaTree[] {
  const [child] = path.at(-1)!.children;
  return child ? leafOf([...path, child]) : [...path];
}

function encoderOf({ name, kind }: ParquetColumn, leaf: readonly SchemaTree[]) {
  const schemaPath = leaf.map(({ element }) => asBytes(element));
  return {
    columnName: name,
    element: schemaPath.at(-1)!,
    schemaPath,
    codec: 'SNAPPY',
    compressors: { SNAPPY: snappyCompress },
    // The least and the greatest of JSON texts tell nobody anything, and are as long as those are.
    stats: kind.is !== 'json',
    pageSize: PAGE_BYTES,
    columnIndex: false,
    // It holds places in the file, which change when row groups are put together.
    offsetIndex: false,
  } as const;
}

/** The library would take JSON for objects, and print them. */
function asBytes(element: SchemaElement): SchemaElement {
  if (element.converted_type !== 'JSON') return element;
  const { converted_type, logical_type, ...bytes } = element;
  void converted_type;
  void logical_type;
  return bytes;
}

function rowGroupOf(columns: RowGroup['columns'], records: number, size: number): RowGroup {
  const uncompressed = columns.reduce(
    (sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n),
    0n,
  );
  return {
    columns,
    total_byte_size: uncompressed,
    num_rows: BigInt(records),
    total_compressed_size: BigInt(size),
  };
}

function notNull(stream: string, { name }: ParquetColumn): LonghaulError {
  return new LonghaulError(
    'format_unfit',
    `Column ${name} of stream ${stream} is said to hold no NULL, and holds one: parquet cannot keep both.`,
  );
}
