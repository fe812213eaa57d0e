// Writes one segment: pages in, one compressed object out, with its counts and hash.
import type { Page } from '../core/connector.js';
import type { Store } from '../core/store.js';
import { TRAILER } from '../records/tar/block.js';
import { goesOn } from '../records/tar/scan.js';
import type { Compression, Segment } from './format.js';
import { openObject } from './compressed-object.js';
import type { FrameMemory } from './frames.js';
import { createListWriter, type ListWriter } from './entry-list.js';

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
  memory?: FrameMemory,
): Promise<SegmentWriter> {
  const object = await openObject(store, `${folder}/${place.path}`, compression, memory);
  let records = 0;
  let isTar = false;
  /** It begins within an object. */
  let within: Pick<Segment, 'goesOn'> = {};
  let list: ListWriter | null = null;
  return {
    get bytes() {
      return object.bytes;
    },
    async write({ payload, records: more }) {
      if (object.bytes === 0 && payload.format === 'csv') await object.write(payload.header);
      isTar = payload.format === 'tar';
      if (object.bytes === 0 && isTar && goesOn(payload.chunks)) within = { goesOn: true };
      for (const chunk of payload.chunks) await object.write(chunk);
      if (isTar) {
        list ??= createListWriter(store, folder, place.path, compression);
        await list.write(payload.chunks);
      }
      records += more;
    },
    async commit() {
      if (isTar) await object.write(TRAILER);
      const stored = await object.commit();
      return { ...place, ...within, records, ...stored, ...(await list?.commit()) };
    },
    async abort() {
      await object.abort();
      await list?.abort();
    },
  };
}
