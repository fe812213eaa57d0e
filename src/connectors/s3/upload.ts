// A multipart upload: parts of one size, a few on their way at a time, and nothing of it left when it is given up.
import { crc32 } from 'node:zlib';
import type { CompletedPart, CreateMultipartUploadCommandOutput } from '@aws-sdk/client-s3';
import { LonghaulError } from '../../core/errors.js';
import { isCalled } from './faults.js';
import { isWritten, type Place } from './place.js';

/** Of every part but the last, since some servers want parts of one size. With 10,000 of them an object has 78 GiB at most. */
export const PART_BYTES = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;
const IN_FLIGHT = 2;

export interface Upload {
  /** Resolves when the next part may be filled; the bytes are the upload's own from now on. Throws what an earlier part met. */
  add(bytes: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

export async function beginUpload(place: Place): Promise<Upload> {
  const { client, path, fields } = place;
  const { Bucket, Key } = fields;
  const begun = await client.send(`write ${path}`, (s3, options) =>
    s3.createMultipartUpload({ ...fields, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }, options),
  );
  const upload = { Bucket, Key, UploadId: begun.UploadId };
  const parts: CompletedPart[] = [];
  const flying = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | null = null;
  let checksum = 0;

  async function send(PartNumber: number, bytes: Uint8Array): Promise<void> {
    const sent = await client.send(`write ${path}`, (s3, options) =>
      s3.uploadPart({ ...upload, PartNumber, Body: bytes, ChecksumAlgorithm: 'CRC32' }, options),
    );
    parts[PartNumber - 1] = { PartNumber, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 };
  }

  function launch(bytes: Uint8Array): void {
    // The place is taken at once, so that numbers are in the order of the bytes.
    const flight = send(parts.push({}), bytes)
      .catch((error: unknown) => void (failed ??= { error }))
      .finally(() => flying.delete(flight));
    flying.add(flight);
  }

  async function landed(most: number): Promise<void> {
    while (flying.size > most) await Promise.race(flying);
    if (failed) throw failed.error;
  }

  async function finish(): Promise<void> {
    const whole = isWholeChecked(begun) && {
      ChecksumCRC32: encoded(checksum),
      ChecksumType: begun.ChecksumType,
    };
    const request = { ...upload, MultipartUpload: { Parts: parts }, ...whole };
    await client.send(`write ${path}`, (s3, options) => s3.completeMultipartUpload(request, options));
  }

  return {
    async add(bytes) {
      if (parts.length === MOST_PARTS) throw tooLarge(path);
      checksum = crc32(bytes, checksum);
      launch(bytes);
      await landed(IN_FLIGHT - 1);
    },

    async complete() {
      await landed(0);
      await finish().catch(async (error: unknown) => {
        const isLost = isCalled(error, 'NoSuchUpload') && (await isWritten(place).catch(() => false));
        if (!isLost) throw error;
      });
    },

    async abort() {
      await Promise.all(flying);
      await client
        .send(`give up ${path}`, (s3, options) => s3.abortMultipartUpload(upload, options))
        .catch((error: unknown) => {
          if (!isCalled(error, 'NoSuchUpload')) throw error;
        });
    },
  };
}

/** A server that does not know checksums of whole objects would take this one for another kind. */
function isWholeChecked({ ChecksumType }: CreateMultipartUploadCommandOutput): boolean {
  return ChecksumType === 'FULL_OBJECT';
}

function encoded(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}

function tooLarge(path: string): LonghaulError {
  const most = (PART_BYTES * MOST_PARTS) / 1024 ** 3;
  return new LonghaulError(
    'sink_unwritable',
    `${path} is larger than ${most} GiB, which is the most in one object.`,
    {
      hint: 'Cut it into smaller objects: more lanes, or a store of type file.',
    },
  );
}
