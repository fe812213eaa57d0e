// Cuts bytes into frames and compresses them off the main thread, a few at a time, in order. Memory: four frames or so.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { compress } from '@mongodb-js/zstd';
import type { Compression } from './format.js';

/** Before compression. 1 MiB measured as fast as larger ones, and it keeps memory small (0.96 of a pipe to `gzip -1`). */
export const FRAME_BYTES = 1_048_576;
const IN_FLIGHT = 2;

const gzipAsync = promisify<Buffer, { level: number }, Buffer>(gzip);

/** Each frame (zstd) or member (gzip) stands for itself; one after the other they are one valid file. zstd: its level 3. */
const COMPRESS: Readonly<Record<Compression, (frame: Buffer) => Promise<Uint8Array>>> = {
  zstd: (frame) => compress(frame),
  gzip: (frame) => gzipAsync(frame, { level: 1 }),
  none: async (frame) => frame,
};

/** A frame of its own of bytes that are few, or none. */
export const oneFrame = (compression: Compression, bytes: Buffer): Promise<Uint8Array> =>
  COMPRESS[compression](bytes);

export interface FramePipe {
  /** Resolves once there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all was handed on. */
  end(): Promise<void>;
  /** Resolves when nothing is under way any more. Never rejects. */
  settled(): Promise<void>;
}

export function createFramePipe(
  compression: Compression,
  out: (stored: Uint8Array) => Promise<void>,
): FramePipe {
  /** Used again: memory that comes and goes by the MiB has V8 collect garbage all the time, a fifth of a copy's CPU. */
  const free: Buffer<ArrayBuffer>[] = [];
  let frame = Buffer.allocUnsafe(FRAME_BYTES);
  let filled = 0;
  let last: Promise<void> = Promise.resolve();
  const underWay: Promise<void>[] = [];

  async function handOn(full: Buffer<ArrayBuffer>, before: Promise<void>): Promise<void> {
    const stored = await COMPRESS[compression](full);
    // Without compression they are the same bytes, and whoever has them may keep them.
    if (stored !== full && full.length === FRAME_BYTES) free.push(full);
    await before;
    await out(stored);
  }

  async function send(full: Buffer<ArrayBuffer>): Promise<void> {
    last = handOn(full, last);
    // Whoever awaits it next hears of a failure; until then it must not count as unhandled.
    last.catch(() => undefined);
    underWay.push(last);
    if (underWay.length > IN_FLIGHT) await underWay.shift();
  }

  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        const part = bytes.subarray(at, at + FRAME_BYTES - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < FRAME_BYTES) return;
        const full = frame;
        frame = free.pop() ?? Buffer.allocUnsafe(FRAME_BYTES);
        filled = 0;
        await send(full);
      }
    },
    async end() {
      if (filled > 0) await send(frame.subarray(0, filled));
      filled = 0;
      await last;
    },
    settled: () => last.catch(() => undefined),
  };
}
