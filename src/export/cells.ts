// Where the values of records lie in the bytes of a page: looked up once, then read column by column or row by row.
import type { Payload } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { eachMember } from '../records/members.js';

/** Some records of a page. */
export interface Cells {
  readonly bytes: Buffer;
  /** How many of the bytes are these records'. */
  readonly size: number;
  readonly records: number;
  readonly width: number;
  /** Two offsets into `bytes` a value, record after record. Both alike: there is none, or it is null. */
  readonly bounds: Int32Array;
  /** By the number of a record: its members that no column is for, `"name":value` each; or the whole record, where it is no object. */
  readonly others: ReadonlyMap<number, readonly string[] | string>;
}

/** So that no step takes long, and little is held beside the bytes. */
const CELLS_AT_ONCE = 65_536;

export function mostRecords(width: number): number {
  return Math.max(1, Math.floor(CELLS_AT_ONCE / Math.max(1, width)));
}

/** A page piece by piece. `table_changed` where its records do not have these columns. */
export function* cellsOf(payload: Payload, columns: readonly string[]): Generator<Cells> {
  const bytes = oneBuffer(payload.chunks);
  const find = payload.format === 'csv' ? rowFinder(columns.length) : memberFinder(columns);
  for (let at = 0; at < bytes.length;) {
    const { cells, end } = find(bytes, at);
    yield cells;
    at = end;
  }
}

function oneBuffer(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks;
  if (!first || chunks.length > 1) return Buffer.concat(chunks);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

type Find = (bytes: Buffer, from: number) => { readonly cells: Cells; readonly end: number };

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const NULL = 0x6e;

function rowFinder(width: number): Find {
  return (bytes, from) => {
    const most = mostRecords(width);
    const bounds = new Int32Array(most * width * 2);
    let records = 0;
    let at = from;
    for (; records < most && at < bytes.length; records += 1) {
      at = rowBounds(bytes, at, bounds.subarray(records * width * 2, (records + 1) * width * 2));
    }
    return { cells: { bytes, size: at - from, records, width, bounds, others: new Map() }, end: at };
  };
}

/** Where the next row begins. */
function rowBounds(bytes: Buffer, from: number, bounds: Int32Array): number {
  let at = from;
  for (let place = 0; place < bounds.length; place += 2) {
    bounds[place] = at;
    at = fieldEnd(bytes, at);
    bounds[place + 1] = at;
    const isLast = place === bounds.length - 2;
    if (bytes[at] !== (isLast ? LF : COMMA)) throw otherColumns();
    at += 1;
  }
  if (bounds.length === 0 && bytes[at++] !== LF) throw otherColumns();
  return at;
}

function fieldEnd(bytes: Buffer, from: number): number {
  let at = from;
  if (bytes[at] === QUOTE) {
    do at = bytes.indexOf(QUOTE, at + 1) + 1;
    while (bytes[at] === QUOTE);
    return at;
  }
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== LF) at += 1;
  return at;
}

function otherColumns(): LonghaulError {
  return new LonghaulError('table_changed', 'A record has other columns than its stream had at the start.');
}

function memberFinder(columns: readonly string[]): Find {
  const find = createMemberBounds(columns);
  const width = columns.length;
  return (bytes, from) => {
    const most = mostRecords(width);
    const bounds = new Int32Array(most * width * 2);
    const others = new Map<number, readonly string[] | string>();
    let records = 0;
    let at = from;
    for (; records < most && at < bytes.length; records += 1) {
      const lineEnd = bytes.indexOf(LF, at);
      const end = lineEnd === -1 ? bytes.length : lineEnd;
      const rest =
        width === 0 ? bytes.toString('utf8', at, end) : find(bytes, at, end, bounds, records * width * 2);
      if (rest !== null) others.set(records, rest);
      at = end + 1;
    }
    return { cells: { bytes, size: at - from, records, width, bounds, others }, end: at };
  };
}

/** Sets the bounds of one record's members, from `offset` on; answers what no column is for. */
type MemberBounds = (
  bytes: Buffer,
  start: number,
  end: number,
  bounds: Int32Array,
  offset: number,
) => readonly string[] | string | null;

function createMemberBounds(columns: readonly string[]): MemberBounds {
  const places = new Map(columns.map((name, place) => [name, place]));
  const names = columns.map((name) => Buffer.from(JSON.stringify(name)));

  /** Most records have their members in the order of the columns, and their names written the plain way. */
  function placeOf(bytes: Buffer, start: number, end: number, guess: number): number | string {
    const expected = names[guess];
    if (
      expected &&
      expected.length === end - start &&
      bytes.compare(expected, 0, end - start, start, end) === 0
    )
      return guess;
    const name = JSON.parse(bytes.toString('utf8', start, end)) as string;
    return places.get(name) ?? name;
  }

  return (bytes, start, end, bounds, offset) => {
    const others = new Map<string, string>();
    let guess = 0;
    const isObject = eachMember(bytes, start, end, (nameStart, nameEnd, valueStart, valueEnd) => {
      const place = placeOf(bytes, nameStart, nameEnd, guess);
      if (typeof place === 'string') others.set(place, bytes.toString('utf8', valueStart, valueEnd));
      else {
        guess = place + 1;
        bounds[offset + place * 2] = valueStart;
        bounds[offset + place * 2 + 1] = bytes[valueStart] === NULL ? valueStart : valueEnd;
      }
    });
    if (!isObject) return bytes.toString('utf8', start, end);
    return others.size === 0
      ? null
      : Array.from(others, ([name, value]) => `${JSON.stringify(name)}:${value}`);
  };
}
