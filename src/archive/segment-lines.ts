// Reads segments.jsonl, any part of it, in small ranges so that no connection stays open while segments are worked on.
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { segmentLineSchema, type SegmentLine } from './format.js';
import { readAll } from '../core/read-all.js';
import { decodeJson, isMissing } from './objects.js';

const RANGE_BYTES = 262_144;
const LF = 10;

/** Byte offsets in segments.jsonl, `end` excluded. Both fall between lines. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

export interface PlacedLine {
  readonly line: SegmentLine;
  /** Where the line begins, and where the next one does. */
  readonly start: number;
  readonly end: number;
}

/** `archive_damaged` where the range does not hold whole lines. */
export async function* segmentLines(
  store: Store,
  archive: string,
  segmentsPath: string,
  { start, end }: LineRange,
): AsyncGenerator<PlacedLine> {
  const path = `${archive}/${segmentsPath}`;
  let size = RANGE_BYTES;
  for (let at = start; at < end;) {
    const bytes = await readRange(store, path, { start: at, end: Math.min(at + size, end) });
    const length = bytes.lastIndexOf(LF) + 1;
    if (length === 0 && at + size >= end) throw damaged(path, 'is cut short');
    size = length === 0 ? size * 2 : RANGE_BYTES;
    yield* parse(path, bytes.subarray(0, length), at);
    at += length;
  }
}

function* parse(path: string, bytes: Buffer, offset: number): Generator<PlacedLine> {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LF, at) + 1;
    const line = decodeJson(bytes.subarray(at, end), segmentLineSchema, 'archive_damaged', path);
    yield { line, start: offset + at, end: offset + end };
    at = end;
  }
}

async function readRange(store: Store, path: string, range: LineRange): Promise<Buffer> {
  try {
    return await readAll(store, path, range);
  } catch (error) {
    if (isMissing(error)) throw damaged(path, 'is missing');
    throw error;
  }
}

export function damaged(path: string, how: string): LonghaulError {
  return new LonghaulError('archive_damaged', `${path} ${how}.`);
}
