// Finds where records end in a stream of bytes, without decoding them.
import type { Encoding } from '../core/connector.js';
import { RecordScanner } from './csv.js';
import { EntryScanner } from './tar/scan.js';

const LF = 10;

export interface Scanner {
  /** Records that end in these bytes, and where they can be parted last: an offset into `bytes`, 0 where they cannot. */
  feed(bytes: Uint8Array): { readonly records: number; readonly end: number };
  /** Whether all bytes so far are whole records. */
  isWhole(): boolean;
}

/** `csv`: the header line counts as a record. `tar`: the blocks that end the file count as nothing, and may be there. */
export function createScanner(encoding: Encoding): Scanner {
  if (encoding === 'tar') return new EntryScanner();
  const find = encoding === 'csv' ? createRowFinder() : findLines;
  let whole = true;
  return {
    feed(bytes) {
      const found = find(bytes);
      if (bytes.length > 0) whole = found.end === bytes.length;
      return found;
    },
    isWhole: () => whole,
  };
}

function findLines(bytes: Uint8Array): { records: number; end: number } {
  let records = 0;
  let end = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, end)) {
    records += 1;
    end = at + 1;
  }
  return { records, end };
}

function createRowFinder(): (bytes: Uint8Array) => { records: number; end: number } {
  const scanner = new RecordScanner();
  return (bytes) => {
    scanner.scan(bytes, 0, Infinity);
    return { records: scanner.records, end: scanner.lastEnd };
  };
}

/** The length of the first row, its line feed included, of bytes that hold at least one. */
export function firstRowLength(bytes: Uint8Array): number {
  const scanner = new RecordScanner();
  scanner.scan(bytes, 0, 1);
  return scanner.records === 1 ? scanner.lastEnd : bytes.length;
}
