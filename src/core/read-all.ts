// A small object of a store, whole.
import type { Store } from './store.js';

/** The bytes of an object, or of a range of it, at once in memory. */
export async function readAll(
  store: Store,
  path: string,
  range?: { start: number; end: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(path, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
