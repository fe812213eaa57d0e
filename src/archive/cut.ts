// Cuts a stream of an archive into partitions: runs of lines of segments.jsonl, and checks the list on the way.
import type { Partition } from '../core/connector.js';
import type { Store } from '../core/store.js';
import type { Manifest, ManifestStream, Range, SegmentLine } from './format.js';
import { damaged, segmentLines } from './segment-lines.js';

/** What of a stream is read, where that is not all of it. */
export interface Part {
  readonly storedBytes: number;
  readonly below: number;
  has(line: SegmentLine): boolean;
}

/**
 * At most `want` partitions, each with about the same stored size to be read. `archive_damaged` where the list
 * contradicts the manifest.
 */
export async function* cut(
  store: Store,
  archive: string,
  manifest: Manifest,
  stream: ManifestStream,
  want: number,
  part: Part | null = null,
): AsyncGenerator<Partition> {
  const path = manifest.segments.path;
  const check = createCheck(`${archive}/${path}`, stream);
  const share = (part ?? stream).storedBytes / want;
  let open = { id: 0, start: stream.lines.start, records: 0 };
  let stored = 0;
  const partition = (end: number): Partition => ({
    id: String(open.id),
    range: {
      path,
      start: open.start,
      end,
      encoding: stream.encoding,
      compression: manifest.compression,
      ...(part && { below: part.below }),
    } satisfies Range,
    estimate: open.records,
  });

  for await (const { line, start } of segmentLines(store, archive, path, stream.lines)) {
    check.add(line);
    const isRead = part?.has(line) ?? true;
    // An object in several segments is read by one; of a sample nobody puts objects together, and no partition is empty.
    const isBegin = start > open.start && (part ? isRead : !line.goesOn);
    if (isBegin && stored >= share * (open.id + 1) && open.id + 1 < want) {
      yield partition(start);
      open = { id: open.id + 1, start, records: 0 };
    }
    if (!isRead) continue;
    open = { ...open, records: open.records + line.records };
    stored += line.storedBytes;
  }
  check.finish();
  yield partition(stream.lines.end);
}

/** Every partition's segments are numbered from 0 without a gap, and all together add up to the manifest's figures. */
function createCheck(path: string, stream: ManifestStream): { add(line: SegmentLine): void; finish(): void } {
  const sums = { records: 0, bytes: 0, storedBytes: 0, segments: 0 };
  let partition: string | null = null;
  let seq = 0;
  return {
    add(line) {
      seq = line.partition === partition ? seq + 1 : 0;
      partition = line.partition;
      if (line.stream !== stream.name || line.seq !== seq) {
        throw damaged(path, `has a gap in stream ${stream.name} before ${line.path}`);
      }
      sums.records += line.records;
      sums.bytes += line.bytes;
      sums.storedBytes += line.storedBytes;
      sums.segments += 1;
    },
    finish() {
      const wrong = (['records', 'bytes', 'storedBytes', 'segments'] as const).find(
        (what) => sums[what] !== stream[what],
      );
      if (wrong === undefined) return;
      const figures = `${sums[wrong]} ${wrong} of stream ${stream.name}, the manifest ${stream[wrong]}`;
      throw damaged(path, `lists ${figures}`);
    },
  };
}
