// Cuts bytes into frames and compresses them off the main thread, a few at a time, in order. Memory: four frames or so.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Encoder } from '@toondepauw/node-zstd';
import type { Compression } from './format.js';

/** Before compression. 1 MiB measured as fast as larger ones, and it keeps memory small (0.96 of a pipe to `gzip -1`). */
export const FRAME_BYTES = 1_048_576;
const IN_FLIGHT = 2;

const zstd = new Encoder(3);
const gzipAsync = promisify<Buffer, { level: number }, Buffer>(gzip);

/** Each frame (zstd) or member (gzip) stands for itself; one after the other they are one valid file. */
const COMPRESS: Readonly<Record<Compression, (frame: Buffer) => Promise<Uint8Array>>> = {
  zstd: (frame) => zstd.encode(frame),
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

/** Memory that comes and goes by the MiB has V8 collect garbage all the time, a fifth of a copy's CPU: it is used again. */
export interface FrameMemory {
  take(): Buffer<ArrayBuffer>;
  give(frame: Buffer<ArrayBuffer>): void;
}

export function createFrameMemory(): FrameMemory {
  const free: Buffer<ArrayBuffer>[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES),
    give: (frame) => void free.push(frame),
  };
}

/** `memory` is that of all pipes that follow one another, or of this one alone. */
export function createFramePipe(
  compression: Compression,
  out: (stored: Uint8Array) => Promise<void>,
  memory: FrameMemory = createFrameMemory(),
): FramePipe {
  let frame: Buffer<ArrayBuffer> | null = null;
  let filled = 0;
  let last: Promise<void> = Promise.resolve();
  const underWay: Promise<void>[] = [];

  async function handOn(taken: Buffer<ArrayBuffer>, length: number, before: Promise<void>): Promise<void> {
    const stored = await COMPRESS[compression](taken.subarray(0, length));
    // Without compression they are the same bytes, and whoever has them may keep them.
    if (compression !== 'none') memory.give(taken);
    await before;
    await out(stored);
  }

  async function send(taken: Buffer<ArrayBuffer>): Promise<void> {
    last = handOn(taken, filled, last);
    [frame, filled] = [null, 0];
    // Whoever awaits it next hears of a failure; until then it must not count as unhandled.
    last.catch(() => undefined);
    underWay.push(last);
    if (underWay.length > IN_FLIGHT) await underWay.shift();
  }

  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        frame ??= memory.take();
        const part = bytes.subarray(at, at + FRAME_BYTES - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === FRAME_BYTES) await send(frame);
      }
    },
    async end() {
      if (frame) await send(frame);
      await last;
    },
    settled: () => last.catch(() => undefined),
  };
}
