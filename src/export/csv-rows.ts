// Lines of JSON as rows of CSV, quoted so that spreadsheets and PostgreSQL's COPY read the same: RFC 4180, and the empty
// text in quotes to tell it from null.
import { headerLine } from '../records/csv.js';
import { ByteBuilder } from './bytes.js';
import type { Cells } from './cells.js';
import { addUnfit, extraName, extraOf, type Unfit } from './extra.js';
import type { Kind, StreamColumn } from './kinds.js';
import { integerOf, isBooleanToken, isNumberToken, isPlainString, stringOf } from './tokens.js';

/** The header of a stream whose records are written by `createCsvRows`. */
export function headerOfRows(columns: readonly StreamColumn[]): Uint8Array {
  return headerLine([...columns.map(({ name }) => name), extraName(columns)]);
}

export interface CsvRows {
  write(cells: Cells): Uint8Array;
  /** Records so far that have something in the last column. */
  extra(): number;
}

export function createCsvRows(columns: readonly StreamColumn[]): CsvRows {
  const out = new ByteBuilder();
  const writers = columns.map(({ kind }) => writerOf(kind));
  let extra = 0;

  return {
    extra: () => extra,
    write(cells) {
      const { bytes, bounds, records, width } = cells;
      const unfit: Unfit = new Map();
      for (let record = 0, at = 0; record < records; record += 1) {
        for (let place = 0; place < width; place += 1, at += 2) {
          const [start, end] = [bounds[at]!, bounds[at + 1]!];
          if (start < end && !writers[place]!(out, bytes, start, end))
            addUnfit(unfit, record, columns[place]!.name, bytes.toString('utf8', start, end));
          out.push(COMMA);
        }
        const rest = extraOf(cells, unfit, record);
        if (rest !== null) {
          extra += 1;
          const text = Buffer.from(rest);
          field(out, text, 0, text.length);
        }
        out.push(LF);
      }
      return out.take();
    },
  };
}

/** Writes one value; false: the column cannot hold it, and nothing was written. */
type Write = (out: ByteBuilder, bytes: Buffer, start: number, end: number) => boolean;

const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

function writerOf({ is }: Kind): Write {
  if (is === 'text') return text;
  if (is === 'json') return field;
  if (is === 'boolean') return raw(isBooleanToken);
  if (is === 'integer')
    return raw((bytes, start, end) => integerOf(bytes.toString('latin1', start, end)) !== null);
  return raw(isNumberToken);
}

function raw(fits: (bytes: Buffer, start: number, end: number) => boolean): Write {
  return (out, bytes, start, end) => {
    if (!fits(bytes, start, end)) return false;
    out.append(bytes, start, end);
    return true;
  };
}

/** A string that PostgreSQL could not read from the file, with U+0000 in it, does not fit. */
function text(out: ByteBuilder, bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] === QUOTE && isPlainString(bytes, start, end))
    return field(out, bytes, start + 1, end - 1);
  const value = stringOf(bytes, start, end);
  if (value === null || value.includes('\0')) return false;
  const encoded = Buffer.from(value);
  return field(out, encoded, 0, encoded.length);
}

function field(out: ByteBuilder, bytes: Buffer, start: number, end: number): boolean {
  if (needsQuotes(bytes, start, end)) out.quoted(bytes, start, end);
  else out.append(bytes, start, end);
  return true;
}

function needsQuotes(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === COMMA || byte === QUOTE || byte === LF || byte === CR) return true;
  }
  return start === end;
}
