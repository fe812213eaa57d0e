// What export.json tells whoever opens the files without knowing Longhaul. docs/export.md says it at length.
import type { ExportedAs } from './format.js';

/** In sentences. */
export function readingOf({ format, compression }: ExportedAs): string[] {
  return [...TEXTS[format], ...PACKED[compression]];
}

const EXTRA =
  'What no column can hold as it is stands in the last column, `_extra`, as the JSON text of an object of such members; the column itself is null there. `extra` counts the records that have any.';

const TEXTS: Readonly<Record<ExportedAs['format'], readonly string[]>> = {
  jsonl: [
    'One JSON text a line, in UTF-8, each line ended by LF. Numbers have every digit that the source gave them: read them as decimals or as text where a double is too small.',
    'Of a stream with a `schema`: NULL is null, numbers that JSON does not know (NaN, Infinity) are strings, and so is every type that JSON does not have.',
  ],
  csv: [
    'RFC 4180 in UTF-8 without a mark, a header line first, rows ended by LF. A field is in quotes where it holds a comma, a quote or a line end; a quote in it is doubled.',
    'NULL is an empty field without quotes; an empty text is "". PostgreSQL reads it with COPY … FROM … (FORMAT csv, HEADER).',
    `Of a stream that came as JSON: objects and lists are JSON text. ${EXTRA}`,
    'Texts are as the source has them: one that begins with =, +, - or @ is a formula to a spreadsheet. Import it as text where the source is not trusted.',
  ],
  parquet: [
    'Parquet files, compressed within by snappy. Types are those of the columns in `schema`; numbers of no stated precision are strings, with every digit.',
    `A stream that has a column \`_extra\`: ${EXTRA}`,
  ],
};

const PACKED: Readonly<Record<ExportedAs['compression'], readonly string[]>> = {
  none: [],
  zstd: ['Whole files are compressed by zstd: `zstd -d FILE`.'],
  gzip: ['Whole files are compressed by gzip: `gzip -d FILE`.'],
};
