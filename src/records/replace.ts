// Changes values within a record, and leaves every other byte as it is.

export interface Replacement {
  /** A part of the record's own bytes, as `membersOf` gives it. */
  readonly value: Uint8Array;
  readonly by: Uint8Array;
}

/** The record with each value replaced. The values do not overlap. */
export function replaced(record: Uint8Array, replacements: readonly Replacement[]): Buffer {
  const parts: Uint8Array[] = [];
  let kept = 0;
  for (const { value, by } of replacements.toSorted((a, b) => a.value.byteOffset - b.value.byteOffset)) {
    const start = value.byteOffset - record.byteOffset;
    parts.push(record.subarray(kept, start), by);
    kept = start + value.length;
  }
  return Buffer.concat([...parts, record.subarray(kept)]);
}
