// Large objects are read, kept and written in pieces.

/** As much as a checkpoint holds by default, so that a killed reader repeats the read of one. */
const PIECE_BYTES = 16_777_216;
/** What object stores take as parts of one upload, at most. */
const MOST_PIECES = 10_000;

/** Of an object beyond 156 GiB, pieces are larger than 16 MiB. Each but the last has this length. */
export function pieceBytes(size: number): number {
  return Math.max(PIECE_BYTES, Math.ceil(size / MOST_PIECES));
}

/** Copied by one request. */
const COPIED_WHOLE_BYTES = 67_108_864;
/** Small enough for a server to copy before its silence is taken for a fault, and to pass through here if it does not. */
const COPIED_PIECE_BYTES = 33_554_432;

/** Of an object that a server copies. */
export function copiedPieceBytes(size: number): number {
  return size <= COPIED_WHOLE_BYTES ? size : Math.max(COPIED_PIECE_BYTES, Math.ceil(size / MOST_PIECES));
}
