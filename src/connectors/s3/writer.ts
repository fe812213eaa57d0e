// Writes one object: small ones by one request at their end, large ones in parts while they grow.
import type { ObjectWriter } from '../../core/store.js';
import type { Place } from './place.js';
import { beginUpload, PART_BYTES, type Upload } from './upload.js';

const FIRST_BYTES = 65_536;

export function createS3Writer(place: Place): ObjectWriter {
  let buffer = Buffer.allocUnsafe(FIRST_BYTES);
  let filled = 0;
  let upload: Upload | null = null;
  let isOver = false;

  /** Copies as much as the part takes, since the bytes stay the caller's. */
  function fill(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, PART_BYTES - filled);
    if (filled + taken > buffer.length) buffer = grown(buffer, filled + taken);
    buffer.set(bytes.subarray(0, taken), filled);
    filled += taken;
    return taken;
  }

  async function sendPart(): Promise<void> {
    const part = buffer.subarray(0, filled);
    buffer = Buffer.allocUnsafe(PART_BYTES);
    filled = 0;
    upload ??= await beginUpload(place);
    await upload.add(part);
  }

  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (filled === PART_BYTES) await sendPart();
        at += fill(bytes.subarray(at));
      }
    },
    async commit() {
      if (upload) {
        if (filled > 0) await sendPart();
        await upload.complete();
      } else {
        await putObject(place, buffer.subarray(0, filled));
      }
      isOver = true;
    },
    async abort() {
      if (!isOver) await upload?.abort();
      isOver = true;
    },
  };
}

/** Small at first: most objects are, and four lanes write at a time. */
function grown(buffer: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.min(PART_BYTES, Math.max(2 * buffer.length, needed)));
  larger.set(buffer);
  return larger;
}

/** By one request, with a checksum that the server verifies. */
export async function putObject(
  { client, path, fields }: Place,
  bytes: Uint8Array,
  condition?: { IfNoneMatch: '*' },
) {
  const input = { ...fields, ...condition, Body: bytes, ChecksumAlgorithm: 'CRC32' } as const;
  await client.send(`write ${path}`, (s3, options) => s3.putObject(input, options));
}
