// Decompresses a stored segment frame by frame, off the main thread. Memory: two frames, whatever the segment's size.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Decoder } from '@toondepauw/node-zstd';
import { Damage } from './damage.js';
import type { Compression } from './format.js';

type Bytes = AsyncIterable<Uint8Array>;

const zstd = new Decoder();

/** Throws `Damage` where the bytes are not what the compression makes, and whatever `stored` throws. */
export function decompressed(stored: Bytes, compression: Compression): Bytes {
  if (compression === 'zstd') return unzstd(stored);
  return compression === 'gzip' ? ungzip(stored) : stored;
}

/** The next frame is decompressed while whoever reads looks at the last one. */
async function* unzstd(stored: Bytes): AsyncGenerator<Uint8Array> {
  let ahead: Promise<Uint8Array> | null = null;
  for await (const frame of frames(stored)) {
    const expanding = expand(frame);
    expanding.catch(() => undefined); // thrown where it is awaited, which may be later
    if (ahead) yield await ahead;
    ahead = expanding;
  }
  if (ahead) yield await ahead;
}

async function expand(frame: Buffer): Promise<Uint8Array> {
  try {
    return await zstd.decode(frame);
  } catch (error) {
    throw new Damage('a zstd frame is broken', { cause: error });
  }
}

async function* frames(stored: Bytes): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stored) {
    rest = Buffer.concat([rest, chunk]);
    for (let length = frameLength(rest); length !== null; length = frameLength(rest)) {
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
  }
  if (rest.length > 0) throw new Damage('the last zstd frame is cut short');
}

const MAGIC = 0xfd2fb528;
const BLOCK_BYTES = 131_072;
/** Bounds what a damaged or hostile frame can grow to: 64 MiB. Longhaul's own frames hold 1 MiB. */
const MOST_BLOCKS = 512;

/** Of the frame that `bytes` begin with; null: they do not hold all of it. (RFC 8878, 3.1.1.) */
export function frameLength(bytes: Buffer): number | null {
  if (bytes.length < 6) return null;
  if (bytes.readUInt32LE(0) !== MAGIC)
    throw new Damage('a zstd frame does not begin where the last one ended');
  const descriptor = bytes.readUInt8(4);
  let at = headerLength(descriptor);
  for (let blocks = 0; at + 3 <= bytes.length; blocks += 1) {
    const header = bytes.readUIntLE(at, 3);
    const size = header >> 3;
    if (size > BLOCK_BYTES || blocks === MOST_BLOCKS) throw new Damage('a zstd frame is broken');
    // A block of type 1 is one byte, repeated.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : size);
    if ((header & 1) === 0) continue;
    const end = at + ((descriptor & 4) === 0 ? 0 : 4);
    return end <= bytes.length ? end : null;
  }
  return null;
}

function headerLength(descriptor: number): number {
  const single = (descriptor >> 5) & 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single, 2, 4, 8][descriptor >> 6] ?? 0;
  return 5 + (1 - single) + dictionary + contentSize;
}

async function* ungzip(stored: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 262_144 });
  const feeding = pipeline(Readable.from(stored), gunzip);
  // Its failure reaches the reader through the stream.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw new Damage('its gzip data is broken', { cause: error });
    }
    throw error;
  }
}
