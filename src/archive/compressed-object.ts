// Writes bytes into one compressed object of a store.
import { createHash } from 'node:crypto';
import type { Store } from '../core/store.js';
import type { Compression, Segment } from './format.js';
import { createFramePipe, type FrameMemory } from './frames.js';

/** Bytes in, one compressed object out. */
export interface CompressedObject {
  /** Before compression, so far. */
  readonly bytes: number;
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<Pick<Segment, 'bytes' | 'storedBytes' | 'sha256'>>;
  abort(): Promise<void>;
}

export async function openObject(
  store: Store,
  path: string,
  compression: Compression,
  memory?: FrameMemory,
): Promise<CompressedObject> {
  const object = await store.create(path);
  const hash = createHash('sha256');
  let bytes = 0;
  let storedBytes = 0;

  const pipe = createFramePipe(
    compression,
    async (stored) => {
      hash.update(stored);
      storedBytes += stored.length;
      await object.write(stored);
    },
    memory,
  );

  return {
    get bytes() {
      return bytes;
    },
    async write(chunk) {
      bytes += chunk.length;
      await pipe.write(chunk);
    },
    async commit() {
      await pipe.end();
      await object.commit();
      return { bytes, storedBytes, sha256: hash.digest('hex') };
    },
    async abort() {
      await pipe.settled();
      await object.abort();
    },
  };
}
