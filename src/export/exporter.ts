// How one stream becomes pieces, and pieces become files: the one place where formats differ.
import { oneFrame } from '../archive/frames.js';
import type { SegmentLine } from '../archive/format.js';
import type { SegmentWriter } from '../archive/segment-writer.js';
import type { Page, Stream } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { headerLine } from '../records/csv.js';
import { createCsvRows, headerOfRows } from './csv-rows.js';
import { extraName } from './extra.js';
import type { ExportedAs, ExportedColumn } from './format.js';
import type { JoinedFile } from './join.js';
import { createJsonRows, jsonTypeOf } from './json-rows.js';
import { columnsOf, type StreamColumn } from './kinds.js';
import { joinParquet } from './parquet/join.js';
import { openParquetPiece } from './parquet/piece.js';
import { parquetSchema, type ParquetColumn } from './parquet/types.js';
import { openRowsPiece, type PiecePlace, type Rows } from './piece.js';

export interface Exporter {
  /** Without a dot before it. */
  readonly extension: string;
  /** null: records are as the source sent them, and nobody has looked into them. */
  readonly columns: readonly ExportedColumn[] | null;
  /** `first`: the page that the piece begins with. */
  openPiece(place: PiecePlace, first: Page): Promise<SegmentWriter>;
  /** Fills a file with pieces, in order. There may be none. */
  join(
    place: { readonly store: Store; readonly folder: string },
    pieces: AsyncIterable<SegmentLine>,
    file: JoinedFile,
  ): Promise<void>;
}

type Described = Pick<Stream, 'name' | 'encoding' | 'schema'>;

/** `format_unfit` where the stream cannot be exported so. */
export function exporterOf(stream: Described, as: ExportedAs): Exporter {
  if (as.format === stream.encoding && as.format === 'jsonl') return rowsExporter(as, null, null, () => null);
  const columns = columnsOf(stream);
  if (columns === null) throw noColumns(stream, as);
  const names = columns.map(({ name }) => name);
  if (as.format === 'parquet') return parquetExporter(stream, columns);
  if (as.format === 'jsonl') {
    return rowsExporter(as, jsonColumns(columns), null, () => ({
      columns: names,
      write: createJsonRows(columns),
      extra: () => 0,
    }));
  }
  if (stream.encoding === 'csv') return sameCsv(as, columns, headerLine(names));
  const header = headerOfRows(columns);
  return rowsExporter(as, csvColumns(columns), header, () => ({ columns: names, ...createCsvRows(columns) }));
}

const SUFFIX = { zstd: '.zst', gzip: '.gz', none: '' } as const;

function rowsExporter(
  { format, compression }: ExportedAs,
  columns: readonly ExportedColumn[] | null,
  header: Uint8Array | null,
  rows: () => Rows | null,
): Exporter {
  return {
    extension: `${format}${SUFFIX[compression]}`,
    columns,
    openPiece: (place) => openRowsPiece(place, compression, rows()),
    async join(_place, pieces, file) {
      if (header) await file.write(await oneFrame(compression, Buffer.from(header)));
      for await (const piece of pieces) await file.copy(piece, { start: 0, end: piece.storedBytes });
      // Programs that decompress take a file without a frame for one that was cut off.
      if (file.size === 0 && compression !== 'none')
        await file.write(await oneFrame(compression, Buffer.alloc(0)));
    },
  };
}

/** Rows as they came, whose header is the one that the file gets. */
function sameCsv(as: ExportedAs, columns: readonly StreamColumn[], header: Uint8Array): Exporter {
  const described = columns.map(({ name, sourceType }) => ({
    name,
    type: sourceType ?? 'text',
    ...withSource(sourceType),
  }));
  const exporter = rowsExporter(as, described, header, () => null);
  return {
    ...exporter,
    openPiece(place, first) {
      if (first.payload.format === 'csv' && Buffer.compare(first.payload.header, header) !== 0) {
        throw new LonghaulError('table_changed', 'The stream has other columns than it had at the start.');
      }
      return exporter.openPiece(place, first);
    },
  };
}

function parquetExporter(stream: Described, columns: readonly StreamColumn[]): Exporter {
  const inJson = stream.encoding === 'jsonl';
  const schema = parquetSchema(columns, inJson);
  const all = schema.extra ? [...schema.columns, schema.extra] : schema.columns;
  return {
    extension: 'parquet',
    columns: all.map(({ name, type, sourceType }: ParquetColumn) => ({
      name,
      type,
      ...withSource(sourceType),
    })),
    openPiece: (place) => openParquetPiece(place, { stream: stream.name, schema, inJson }),
    join: (place, pieces, file) => joinParquet(place, schema, pieces, file),
  };
}

function jsonColumns(columns: readonly StreamColumn[]): ExportedColumn[] {
  return columns.map(({ name, kind, sourceType }) => ({
    name,
    type: jsonTypeOf(kind),
    ...withSource(sourceType),
  }));
}

function csvColumns(columns: readonly StreamColumn[]): ExportedColumn[] {
  const found = columns.map(({ name, kind }) => ({ name, type: jsonTypeOf(kind) }));
  return [...found, { name: extraName(columns), type: 'json' }];
}

function withSource(sourceType: string | null): { sourceType?: string } {
  return sourceType === null ? {} : { sourceType };
}

function noColumns({ name }: Described, { format }: ExportedAs): LonghaulError {
  return new LonghaulError(
    'format_unfit',
    `Nothing says which columns stream ${name} has, and ${format} needs that.`,
  );
}
