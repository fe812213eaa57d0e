// The bytes of an object. Where an answer breaks off, reading goes on at the byte that was reached.
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { S3Client } from './client.js';
import { bodyFault, isCalled } from './faults.js';
import { createPatience } from './persistence.js';

export interface Wanted {
  readonly path: string;
  readonly key: string;
  readonly start: number;
  /** Excluded; Infinity: to the end of the object. Above `start`. */
  readonly end: number;
}

/** Checked whole before its first byte is handed out, so that one changed on its way is read again unnoticed. */
const SMALL_BYTES = 1_048_576;

export async function* readObject(client: S3Client, wanted: Wanted): AsyncGenerator<Uint8Array> {
  let patience = createPatience();
  let at = wanted.start;
  let version: string | undefined;
  for (;;) {
    const over = new AbortController();
    const answer = await ask(client, { ...wanted, start: at, version }, over.signal);
    if (answer === null) return;
    const [from, end] = [at, at + (answer.ContentLength ?? Infinity)];
    version = answer.ETag;
    try {
      for await (const chunk of piecesOf(answer)) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      const fault = bodyFault(`read ${wanted.path}`, client.bucket, error);
      if (at > from) {
        // What was handed out is changed, not cut: only the reader can begin again.
        if (fault.code === 'response_invalid') throw fault;
        if (at === end) return;
        patience = createPatience();
      }
      await patience(fault);
    } finally {
      over.abort();
    }
  }
}

/** null: there is nothing from `start` on. The whole object comes with its checksum, which the SDK verifies. */
async function ask(
  client: S3Client,
  { path, key, start, end, version }: Wanted & { readonly version: string | undefined },
  abortSignal: AbortSignal,
): Promise<GetObjectCommandOutput | null> {
  const isWhole = start === 0 && end === Infinity;
  const input = {
    Bucket: client.bucket,
    Key: key,
    ...(isWhole ? { ChecksumMode: 'ENABLED' as const } : { Range: rangeOf(start, end) }),
    ...(version !== undefined && { IfMatch: version }),
  };
  try {
    return await client.send(`read ${path}`, (s3) => s3.getObject(input, { abortSignal }));
  } catch (error) {
    if (isCalled(error, 'InvalidRange')) return null;
    throw error;
  }
}

function rangeOf(start: number, end: number): string {
  return `bytes=${start}-${end === Infinity ? '' : end - 1}`;
}

async function* piecesOf({
  Body,
  ContentLength = Infinity,
}: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
  const body = Body as Readable;
  if (ContentLength > SMALL_BYTES) yield* body as AsyncIterable<Uint8Array>;
  else yield* (await body.toArray()) as Uint8Array[];
}
