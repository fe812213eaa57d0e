// Bytes that lie in several pieces of memory, one after the other.

/** In all. */
export function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** From `start` up to `end`, without copying; no chunk of it is empty. */
export function sliceOf(chunks: readonly Uint8Array[], start: number, end = Infinity): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (part.length > 0) parts.push(part);
    offset += chunk.length;
  }
  return parts;
}
