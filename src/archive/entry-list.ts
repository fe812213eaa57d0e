// The list of a tar segment: a line an entry, so that what a segment holds is known without reading it.
import { z } from 'zod';
import type { Store } from '../core/store.js';
import { pathOf, type EntryHead } from '../records/tar/entry.js';
import { entryPlaceSchema } from '../records/tar/reference.js';
import { EntryScanner } from '../records/tar/scan.js';
import { Damage } from './damage.js';
import { decompressed } from './decompress.js';
import type { Compression, Segment } from './format.js';
import { listPath } from './layout.js';
import { decodeJson, isMissing } from './objects.js';
import { damaged } from './segment-lines.js';
import { storedBytes } from './segment-reader.js';
import { openObject, type CompressedObject } from './compressed-object.js';

const count = z.number().int().min(0);

const listedEntrySchema = z.object({
  key: z.string(),
  size: count,
  version: z.string(),
  mtime: z.string(),
  /** Where in the object the bytes begin, and how many they are. */
  offset: count,
  length: count,
  /** What tar calls it. */
  name: z.string(),
  /** Where the entry begins in the segment, decompressed. */
  at: count,
  /** Of a reference. */
  from: entryPlaceSchema.optional(),
});
export type ListedEntry = z.infer<typeof listedEntrySchema>;

export interface ListWriter {
  /** Bytes of the segment, in order. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Resolves when the list is durable. */
  commit(): Promise<Pick<Segment, 'list' | 'referred'>>;
  abort(): Promise<void>;
}

export function createListWriter(
  store: Store,
  folder: string,
  segment: string,
  compression: Compression,
): ListWriter {
  const path = listPath(segment);
  let lines: string[] = [];
  let first: string | null = null;
  let referred = 0;
  let object: CompressedObject | null = null;
  const scanner = new EntryScanner((head, at) => {
    first ??= head.entry.key;
    if (head.reference && head.isLast) referred += 1;
    lines.push(`${JSON.stringify(listedEntry(head, at))}\n`);
  });
  return {
    async write(chunks) {
      for (const chunk of chunks) scanner.feed(chunk);
      object ??= await openObject(store, `${folder}/${path}`, compression);
      await object.write(Buffer.from(lines.join('')));
      lines = [];
    },
    async commit() {
      if (!object || first === null) return {};
      const { storedBytes: stored, sha256 } = await object.commit();
      return { list: { path, storedBytes: stored, sha256, first }, ...(referred > 0 && { referred }) };
    },
    abort: async () => object?.abort(),
  };
}

function listedEntry({ entry, bodyLength, reference }: EntryHead, at: number): ListedEntry {
  const { key, size, version = '', mtime, offset } = entry;
  const length = reference?.length ?? bodyLength;
  const name = pathOf(entry, length);
  return { key, size, version, mtime, offset, length, name, at, ...(reference && { from: reference.from }) };
}

/** Of a list, which is held against its hash first: what it says decides what is not read again. Throws `archive_damaged`. */
export async function* listedEntries(
  place: { readonly store: Store; readonly archive: string; readonly compression: Compression },
  list: NonNullable<Segment['list']>,
): AsyncGenerator<ListedEntry> {
  const path = `${place.archive}/${list.path}`;
  try {
    for await (const _ of storedBytes(FOREVER, place, list));
    const decoded = decompressed(storedBytes(FOREVER, place, list), place.compression);
    for await (const line of linesOf(decoded)) {
      yield decodeJson(line, listedEntrySchema, 'archive_damaged', path);
    }
  } catch (error) {
    if (isMissing(error)) throw damaged(path, 'is missing');
    if (error instanceof Damage) throw damaged(path, `is damaged: ${error.message}`);
    throw error;
  }
}

/** A list is short: it is read to its end. */
const FOREVER = { signal: new AbortController().signal };
const LF = 10;

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, start)) {
      yield bytes.subarray(start, at + 1);
      start = at + 1;
    }
    rest = bytes.subarray(start);
  }
}
