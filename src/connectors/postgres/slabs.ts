// Memory that rows are read into, and used again once nobody needs what was read: memory that comes and goes with each read
// has V8 collect garbage all the time.

export interface Slab {
  readonly bytes: Buffer<ArrayBuffer>;
  hold(): void;
  /** Once for each `hold`, and once for having taken it. After the last one the bytes are written over. */
  drop(): void;
}

/** A slab that is never dropped is garbage as any other memory. */
export interface Slabs {
  take(): Slab;
}

const SLAB_BYTES = 262_144;

export function createSlabs(): Slabs {
  const free: Buffer<ArrayBuffer>[] = [];
  return {
    take() {
      const bytes = free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
      let holders = 1;
      return {
        bytes,
        hold: () => void (holders += 1),
        drop() {
          holders -= 1;
          if (holders === 0) free.push(bytes);
        },
      };
    },
  };
}
