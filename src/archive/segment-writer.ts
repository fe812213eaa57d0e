// Writes one segment: bytes in, one compressed object out, with its counts and hash.
import { createHash } from 'node:crypto';
import type { Store } from '../core/store.js';
import type { Compression, Segment } from './format.js';
import { createFramePipe } from './frames.js';

export interface SegmentWriter {
  /** Before compression, so far. */
  readonly bytes: number;
  write(bytes: Uint8Array): Promise<void>;
  addRecords(records: number): void;
  /** Resolves when the object is durable. */
  commit(): Promise<Segment>;
  abort(): Promise<void>;
}

export async function openSegment(
  store: Store,
  archive: string,
  place: Pick<Segment, 'path' | 'seq' | 'goesOn'>,
  compression: Compression,
): Promise<SegmentWriter> {
  const object = await store.create(`${archive}/${place.path}`);
  const hash = createHash('sha256');
  let bytes = 0;
  let records = 0;
  let storedBytes = 0;

  const pipe = createFramePipe(compression, async (stored) => {
    hash.update(stored);
    storedBytes += stored.length;
    await object.write(stored);
  });

  return {
    get bytes() {
      return bytes;
    },
    async write(chunk) {
      bytes += chunk.length;
      await pipe.write(chunk);
    },
    addRecords(more) {
      records += more;
    },
    async commit() {
      await pipe.end();
      await object.commit();
      return { ...place, records, bytes, storedBytes, sha256: hash.digest('hex') };
    },
    async abort() {
      await pipe.settled();
      await object.abort();
    },
  };
}
