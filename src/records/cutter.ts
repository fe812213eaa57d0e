// Cuts a stream of bytes into runs of whole records. Where it cuts depends on the bytes alone, not on how they arrive.
import type { Encoding } from '../core/connector.js';
import { RecordScanner } from './csv.js';
import { EntryScanner } from './tar/scan.js';

const LF = 10;

/** A run ends with the record that brings it to so many bytes or records, whichever is first. */
export interface CutLimits {
  readonly bytes: number;
  readonly records: number;
}

/** Where a run ends, as an offset into the bytes in which it does, and how many records it has. */
export interface Run {
  readonly end: number;
  readonly records: number;
}

export interface Cutter {
  /** The runs that end in `bytes`, the next of the stream. To be used up before the next call. */
  cut(bytes: Uint8Array): Iterable<Run>;
  /** Whether all bytes so far are whole records, but for the end that the encoding gives a file. */
  isWhole(): boolean;
  /** How many bytes came after the last record. */
  rest(): number;
  /** Records of the run that has not ended. */
  open(): number;
}

/** `csv`: the header line counts as a record. `tar`: every entry does. */
export function createCutter(encoding: Encoding, limits: CutLimits): Cutter {
  const { ends, isEnd } = findersOf(encoding);
  let bytesBefore = 0;
  let records = 0;
  let rest = 0;

  function* cut(bytes: Uint8Array): Generator<Run> {
    let start = -bytesBefore;
    let last = 0;
    for (const end of ends(bytes)) {
      last = end;
      records += 1;
      if (end - start < limits.bytes && records < limits.records) continue;
      const run = { end, records };
      start = end;
      records = 0;
      yield run;
    }
    bytesBefore = bytes.length - start;
    rest = bytes.length - last + (last === 0 ? rest : 0);
  }

  return { cut, isWhole: () => rest === 0 || isEnd(), rest: () => rest, open: () => records };
}

interface Finders {
  readonly ends: (bytes: Uint8Array) => Iterable<number>;
  /** Whether what came after the last record is the end of a file. */
  readonly isEnd: () => boolean;
}

function findersOf(encoding: Encoding): Finders {
  if (encoding === 'tar') {
    const scanner = new EntryScanner();
    return { ends: (bytes) => scanner.ends(bytes), isEnd: () => scanner.isWhole() };
  }
  return { ends: encoding === 'csv' ? createRowEnds() : lineEnds, isEnd: () => false };
}

function* lineEnds(bytes: Uint8Array): Generator<number> {
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) yield at + 1;
}

function createRowEnds(): (bytes: Uint8Array) => Generator<number> {
  const scanner = new RecordScanner();
  return function* rowEnds(bytes) {
    for (let at = 0; at < bytes.length; at = scanner.lastEnd) {
      scanner.scan(bytes, at, 1);
      if (scanner.records === 0) return;
      yield scanner.lastEnd;
    }
  };
}
