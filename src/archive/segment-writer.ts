// Writes one segment: pages in, one compressed object out, with its counts and hash.
import { createHash } from 'node:crypto';
import type { Page } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { TRAILER } from '../records/tar/block.js';
import { goesOn } from '../records/tar/scan.js';
import type { Compression, Segment } from './format.js';
import { createFramePipe } from './frames.js';

/** One immutable object on its way. */
export interface SegmentWriter {
  /** What pages brought so far, before compression. */
  readonly bytes: number;
  write(page: Page): Promise<void>;
  /** Resolves when the object is durable. */
  commit(): Promise<Segment>;
  abort(): Promise<void>;
}

/** The bytes of its pages as they came, below one CSV header, or before the end of a tar file, where they have one. */
export async function openSegment(
  store: Store,
  folder: string,
  place: { readonly path: string; readonly seq: number },
  compression: Compression,
): Promise<SegmentWriter> {
  const object = await openObject(store, `${folder}/${place.path}`, compression);
  let records = 0;
  let isTar = false;
  /** It begins within an object. */
  let within: Pick<Segment, 'goesOn'> = {};
  return {
    get bytes() {
      return object.bytes;
    },
    async write({ payload, records: more }) {
      if (object.bytes === 0 && payload.format === 'csv') await object.write(payload.header);
      isTar = payload.format === 'tar';
      if (object.bytes === 0 && isTar && goesOn(payload.chunks)) within = { goesOn: true };
      for (const chunk of payload.chunks) await object.write(chunk);
      records += more;
    },
    async commit() {
      if (isTar) await object.write(TRAILER);
      return { ...place, ...within, records, ...(await object.commit()) };
    },
    abort: () => object.abort(),
  };
}

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
): Promise<CompressedObject> {
  const object = await store.create(path);
  const hash = createHash('sha256');
  let bytes = 0;
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
