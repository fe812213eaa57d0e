// Adds up the streams of a manifest while their segments are listed, stream after stream.
import { LonghaulError } from '../core/errors.js';
import type { ManifestStream, Segment, StreamDescription } from './format.js';

export interface Totals {
  /** `lineBytes`: the length of the segment's line in segments.jsonl. */
  add(stream: string, segment: Segment, lineBytes: number): void;
  /** Segments so far. */
  count(): number;
  streams(): ManifestStream[];
}

type Sums = Pick<ManifestStream, 'records' | 'bytes' | 'storedBytes' | 'segments' | 'referred' | 'lines'>;

export function createTotals(streams: readonly StreamDescription[]): Totals {
  const known = new Set(streams.map((stream) => stream.name));
  const sums = new Map<string, Sums>();
  let latest: string | null = null;
  let position = 0;
  let count = 0;

  function sumsOf(stream: string): Sums {
    const found = sums.get(stream);
    if (found && stream === latest) return found;
    if (found || !known.has(stream)) {
      const why = found ? 'come in two places' : 'have no description';
      throw new LonghaulError('internal', `The segments of stream ${stream} ${why}.`);
    }
    latest = stream;
    return empty(position);
  }

  return {
    add(stream, { records, bytes, storedBytes, referred = 0 }, lineBytes) {
      const before = sumsOf(stream);
      const allReferred = (before.referred ?? 0) + referred;
      position += lineBytes;
      count += 1;
      sums.set(stream, {
        records: before.records + records,
        bytes: before.bytes + bytes,
        storedBytes: before.storedBytes + storedBytes,
        segments: before.segments + 1,
        ...(allReferred > 0 && { referred: allReferred }),
        lines: { start: before.lines.start, end: position },
      });
    },
    count: () => count,
    streams: () => streams.map((stream) => ({ ...stream, ...(sums.get(stream.name) ?? empty(0)) })),
  };
}

function empty(at: number): Sums {
  return { records: 0, bytes: 0, storedBytes: 0, segments: 0, lines: { start: at, end: at } };
}
