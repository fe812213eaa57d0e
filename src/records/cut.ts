// Single records out of a page's bytes, as they are.
import type { Payload } from '../core/connector.js';
import { RecordScanner } from './csv.js';
import { createScanner } from './scan.js';
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

/** The records alone, in pages of at most so many, each with the header that it needs. */
export function* batchesOf(payload: Payload, most: number): Generator<{ payload: Payload; records: number }> {
  let batch: Uint8Array[] = [];
  for (const record of recordsOf(payload)) {
    batch.push(record);
    if (batch.length < most) continue;
    yield { payload: { ...payload, chunks: batch }, records: batch.length };
    batch = [];
  }
  if (batch.length > 0) yield { payload: { ...payload, chunks: batch }, records: batch.length };
}

export function countOf(payload: Payload): number {
  const scanner = createScanner(payload.format);
  return payload.chunks.reduce((sum, chunk) => sum + scanner.feed(chunk).records, 0);
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
