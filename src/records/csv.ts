// CSV as PostgreSQL's COPY writes it, as bytes: where records end, what some fields of a record hold, a header line.

const QUOTE = 0x22;
const LF = 0x0a;
const COMMA = 0x2c;

/**
 * Finds record ends in bytes that come in pieces of any size. A line end inside quotes ends no record; a doubled quote
 * opens again at once, so it needs no care.
 */
export class RecordScanner {
  private quotes = 0;
  /** Of the last `scan`: records that ended in it, and where the last one ended; 0: nowhere. */
  records = 0;
  lastEnd = 0;

  /** Goes on at `start`, until `limit` records ended or the bytes are used up. About 750 MB/s. */
  scan(bytes: Uint8Array, start: number, limit: number): void {
    let { quotes } = this;
    let records = 0;
    let lastEnd = 0;
    const { length } = bytes;
    for (let at = start; at < length; at++) {
      const byte = bytes[at]!;
      if (byte > QUOTE) continue; // most bytes, and the branch that makes it fast
      if (byte === QUOTE) quotes ^= 1;
      else if (byte === LF && quotes === 0) {
        lastEnd = at + 1;
        if (++records === limit) break;
      }
    }
    this.quotes = quotes;
    this.records = records;
    this.lastEnd = lastEnd;
  }
}

/** The texts of some fields of one record (with or without its LF), by their places; null is NULL. */
export function fieldsOf(record: Uint8Array, places: readonly number[]): (string | null)[] {
  const ends = fieldEnds(record);
  return places.map((place) => {
    const start = place === 0 ? 0 : ends[place - 1]! + 1;
    return fieldText(record.subarray(start, ends[place]));
  });
}

/** Where the fields of one record end, without its LF. */
export function fieldEnds(record: Uint8Array): number[] {
  const ends: number[] = [];
  let quoted = false;
  const length = record.at(-1) === LF ? record.length - 1 : record.length;
  for (let at = 0; at < length; at++) {
    if (record[at] === QUOTE) quoted = !quoted;
    else if (record[at] === COMMA && !quoted) ends.push(at);
  }
  return [...ends, length];
}

function fieldText(field: Uint8Array): string | null {
  if (field.length === 0) return null;
  const text = Buffer.from(field.buffer, field.byteOffset, field.length).toString('utf8');
  return field[0] === QUOTE ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** The header line with its LF, quoted as COPY's HEADER option quotes it. */
export function headerLine(names: readonly string[]): Uint8Array {
  const quoted = names.map((name) =>
    /[",\r\n]/.test(name) || (name === '\\.' && names.length === 1)
      ? `"${name.replaceAll('"', '""')}"`
      : name,
  );
  return Buffer.from(`${quoted.join(',')}\n`);
}

/** The names in a header line. */
export function headerNames(header: Uint8Array): string[] {
  if (header.length <= 1) return [];
  const places = Array.from(fieldEnds(header), (_, place) => place);
  return fieldsOf(header, places).map((name) => name ?? '');
}
