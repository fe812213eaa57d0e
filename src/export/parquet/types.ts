// Which type of Parquet a column gets, and what it cannot hold.
import type { SchemaElement } from 'hyparquet';
import { extraName } from '../extra.js';
import type { Kind, StreamColumn } from '../kinds.js';

export interface ParquetColumn {
  readonly name: string;
  readonly kind: Kind;
  /** It and what is below it. */
  readonly elements: readonly SchemaElement[];
  /** For people: `DECIMAL(20,4)`. */
  readonly type: string;
  readonly sourceType: string | null;
}

export interface ParquetSchema {
  /** One for each of the stream's columns, in order. */
  readonly columns: readonly ParquetColumn[];
  /** The column for what none of them can hold; null: they can hold everything. */
  readonly extra: ParquetColumn | null;
  /** Of the file: the root first. */
  readonly elements: SchemaElement[];
}

/** `inJson`: the stream's records are JSON, which may have other members than were sampled. */
export function parquetSchema(columns: readonly StreamColumn[], inJson: boolean): ParquetSchema {
  const fields = columns.map((column) => parquetColumn(column, inJson));
  const needsExtra = inJson || fields.length === 0 || columns.some(({ kind }) => mayNotFit(kind));
  const extra = needsExtra ? parquetColumn(extraColumn(columns), true) : null;
  const all = extra ? [...fields, extra] : fields;
  const root = { name: 'schema', num_children: all.length };
  return { columns: fields, extra, elements: [root, ...all.flatMap(({ elements }) => elements)] };
}

function extraColumn(columns: readonly StreamColumn[]): StreamColumn {
  return { name: extraName(columns), kind: { is: 'json' }, sourceType: null, nullable: true };
}

function parquetColumn({ name, kind, sourceType, nullable }: StreamColumn, inJson: boolean): ParquetColumn {
  const repetition_type = nullable || inJson || mayNotFit(kind) ? 'OPTIONAL' : 'REQUIRED';
  return { name, kind, sourceType, type: typeName(kind), elements: elementsOf(name, kind, repetition_type) };
}

/** Times without end, years that most readers do not know, NaN as a decimal, lists of lists. */
function mayNotFit({ is }: Kind): boolean {
  return ['date', 'time', 'timestamp', 'decimal', 'list'].includes(is);
}

type Repetition = 'OPTIONAL' | 'REQUIRED';

function elementsOf(name: string, kind: Kind, repetition_type: Repetition): SchemaElement[] {
  if (kind.is !== 'list') return [{ name, repetition_type, ...valueType(kind) }];
  const list: SchemaElement = {
    name,
    repetition_type,
    num_children: 1,
    converted_type: 'LIST',
    logical_type: { type: 'LIST' },
  };
  const repeated: SchemaElement = { name: 'list', repetition_type: 'REPEATED', num_children: 1 };
  return [list, repeated, ...elementsOf('element', kind.of, 'OPTIONAL')];
}

type ValueType = Pick<
  SchemaElement,
  'type' | 'type_length' | 'converted_type' | 'logical_type' | 'scale' | 'precision'
>;

const TEXT: ValueType = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };

function valueType(kind: Exclude<Kind, { is: 'list' }>): ValueType {
  switch (kind.is) {
    case 'boolean':
      return { type: 'BOOLEAN' };
    case 'integer':
      if (kind.bits === 16) return { type: 'INT32', converted_type: 'INT_16' };
      return { type: kind.bits === 32 ? 'INT32' : 'INT64' };
    case 'real':
      return { type: kind.bits === 32 ? 'FLOAT' : 'DOUBLE' };
    case 'decimal':
      return decimalType(kind.precision, kind.scale);
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'time':
      return { type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: false, unit: 'MICROS' } };
    case 'timestamp':
      return {
        type: 'INT64',
        ...(kind.utc && { converted_type: 'TIMESTAMP_MICROS' as const }),
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: kind.utc, unit: 'MICROS' },
      };
    case 'bytes':
      return { type: 'BYTE_ARRAY' };
    case 'json':
      return { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } };
    case 'number':
    case 'text':
      return TEXT;
  }
}

function decimalType(precision: number, scale: number): ValueType {
  const common = { converted_type: 'DECIMAL', logical_type: { type: 'DECIMAL', precision, scale } } as const;
  const physical = precision <= 18 ? ({ type: 'INT64' } as const) : wide(precision);
  return { ...physical, ...common, precision, scale };
}

/** As few bytes as hold so many digits and a sign. */
function wide(precision: number): { type: 'FIXED_LEN_BYTE_ARRAY'; type_length: number } {
  const bits = (10n ** BigInt(precision)).toString(2).length + 1;
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: Math.ceil(bits / 8) };
}

function typeName(kind: Kind): string {
  switch (kind.is) {
    case 'list':
      return `LIST<${typeName(kind.of)}>`;
    case 'integer':
      return kind.bits === 16 ? 'INT16' : `INT${kind.bits}`;
    case 'real':
      return kind.bits === 32 ? 'FLOAT' : 'DOUBLE';
    case 'decimal':
      return `DECIMAL(${kind.precision},${kind.scale})`;
    case 'timestamp':
      return `TIMESTAMP(MICROS,${kind.utc ? 'UTC' : 'local'})`;
    case 'time':
      return 'TIME(MICROS)';
    case 'number':
    case 'text':
      return 'STRING';
    case 'bytes':
      return 'BINARY';
    case 'boolean':
    case 'date':
    case 'json':
      return kind.is.toUpperCase();
  }
}
