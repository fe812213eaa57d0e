// Single records out of a page's bytes, as they are.
import type { Payload } from '../core/connector.js';
import { RecordScanner } from './csv.js';
import { entriesOf } from './tar/entry.js';

/** Each record in turn, its line end included; a CSV header is none of them. `tar`: each entry. */
export function* recordsOf(payload: Payload): Generator<Uint8Array> {
  const bytes = payload.chunks.length === 1 ? payload.chunks[0]! : Buffer.concat(payload.chunks);
  if (payload.format === 'tar') {
    for (const { raw } of entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) yield raw;
    return;
  }
  const recordEnd = payload.format === 'csv' ? rowEnd : lineEnd;
  for (let at = 0; at < bytes.length;) {
    const end = recordEnd(bytes, at);
    yield bytes.subarray(at, end);
    at = end;
  }
}

const LF = 10;

function lineEnd(bytes: Uint8Array, start: number): number {
  const found = bytes.indexOf(LF, start);
  return found === -1 ? bytes.length : found + 1;
}

function rowEnd(bytes: Uint8Array, start: number): number {
  const scanner = new RecordScanner();
  scanner.scan(bytes, start, 1);
  return scanner.records === 1 ? scanner.lastEnd : bytes.length;
}
