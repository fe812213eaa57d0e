// Which segments a verify reads that was asked for a sample: drawn by lot, the same on every worker and in every attempt,
// others in each job, so that repeated samples come to every segment in time.
import { createHash } from 'node:crypto';
import type { Extent } from '../core/connector.js';
import type { Store } from '../core/store.js';
import type { Manifest, ManifestStream, SegmentLine } from './format.js';
import { segmentLines } from './segment-lines.js';

export interface Sample {
  /** Id of the job. */
  readonly job: string;
  /** As it was asked for: `10%`. */
  readonly asked: string;
  /** The same between 0 and 1. */
  readonly share: number;
}

/** What was drawn of a stream. */
export interface Drawn extends Extent {
  /** A segment is drawn where its lot lies below. */
  readonly below: number;
}

const LOTS = 2 ** 48;

/** One of 2^48 numbers, each as likely as any other. */
export function lotOf({ job }: Pick<Sample, 'job'>, { path }: Pick<SegmentLine, 'path'>): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([job, path]))
    .digest();
  return hash.readUIntBE(0, 6);
}

/** Whether a segment is among what was drawn of its stream; without a bound each is. */
export function isDrawn(
  sample: Sample,
  { below = LOTS }: { readonly below?: number | undefined },
): (line: Pick<SegmentLine, 'path'>) => boolean {
  return (line) => lotOf(sample, line) < below;
}

/** Reads the lines of the stream and keeps none. Where the share comes to nothing, the lowest lot is drawn. */
export async function draw(
  store: Store,
  archive: string,
  { segments }: Pick<Manifest, 'segments'>,
  { lines }: Pick<ManifestStream, 'lines'>,
  sample: Sample,
): Promise<Drawn> {
  const below = Math.round(sample.share * LOTS);
  let drawn = NONE;
  let lowest: Drawn = { ...NONE, below: 0 };
  for await (const { line } of segmentLines(store, archive, segments.path, lines)) {
    const lot = lotOf(sample, line);
    if (lot < below) drawn = plus(drawn, extentOf(line));
    if (lowest.segments === 0 || lot < lowest.below) lowest = { ...extentOf(line), below: lot + 1 };
  }
  return drawn.segments > 0 ? { ...drawn, below } : lowest;
}

/** Draws of each stream once, when it is first asked for. */
export function createDraws(
  store: Store,
  archive: string,
  sample: Sample | undefined,
): (manifest: Manifest, stream: ManifestStream) => Promise<Drawn | null> {
  const draws = new Map<string, Promise<Drawn>>();
  return async (manifest, stream) => {
    if (!sample) return null;
    const drawn = draws.get(stream.name) ?? draw(store, archive, manifest, stream, sample);
    draws.set(stream.name, drawn);
    return drawn;
  };
}

export const NONE: Extent = { segments: 0, records: 0, bytes: 0, storedBytes: 0 };

export function plus(a: Extent, b: Extent): Extent {
  return {
    segments: a.segments + b.segments,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    storedBytes: a.storedBytes + b.storedBytes,
  };
}

const extentOf = (line: SegmentLine): Extent => plus(NONE, { ...line, segments: 1 });
