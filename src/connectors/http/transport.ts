// Sends one HTTP request and takes its whole answer, within time and size.
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, request } from 'undici';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { bodyFault, connectFault, type Answer } from './faults.js';
import { listHeader, type Headers } from './headers.js';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

export interface Response extends Answer {
  /** Decompressed; unless the status is 2xx only the begin, which may say why. */
  readonly bytes: Uint8Array;
}

/** `what` names the request in errors. Throws `Stopped` once `signal` aborts. Follows no redirect. */
export type Transport = (what: string, request: Request, signal?: AbortSignal) => Promise<Response>;

interface TransportOptions {
  readonly timeoutSeconds?: number | undefined;
  readonly maxPageBytes?: number | undefined;
}

const CONNECT_MS = 10_000;
const ACCEPT_ENCODING = 'gzip, deflate, br';

/** Connections are kept alive and shared by all requests of this transport. */
export function createTransport(options: TransportOptions): Transport {
  const timeout = (options.timeoutSeconds ?? 60) * 1_000;
  const dispatcher = new Agent({
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connect: { timeout: Math.min(timeout, CONNECT_MS) },
  });
  const maxBytes = options.maxPageBytes ?? 256 * 1024 * 1024;
  return async (what, { url, ...rest }, signal) => {
    const headers = { ...rest.headers, 'accept-encoding': ACCEPT_ENCODING };
    const sending = request(url, {
      ...rest,
      body: rest.body ?? null,
      headers,
      dispatcher,
      signal: signal ?? null,
    });
    const answer = await sending.catch((error: unknown) => stoppedOr(signal, connectFault(what, error)));
    const reading = takeBody(what, answer.statusCode, answer.headers, answer.body, maxBytes);
    const bytes = await reading.catch((error: unknown) => stoppedOr(signal, bodyFault(what, error)));
    return { status: answer.statusCode, headers: answer.headers, bytes };
  };
}

function stoppedOr(signal: AbortSignal | undefined, error: LonghaulError): never {
  throw signal?.aborted ? new Stopped() : error;
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

async function takeBody(
  what: string,
  status: number,
  headers: Headers,
  body: Readable & { dump(): Promise<void> },
  maxBytes: number,
): Promise<Uint8Array> {
  if (isSuccess(status)) return collect(what, decompressed(what, headers, body), maxBytes);
  // The status says enough, whatever is wrong with what follows it.
  return beginOf(decompressed(what, headers, body)).catch(() => new Uint8Array());
}

/** Enough for a few sentences. */
const BEGIN_BYTES = 4_096;
/** A longer body costs its connection. */
const MOST_PASSED_OVER = 131_072;

async function beginOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let begin = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of body) {
    if (begin.length < BEGIN_BYTES) begin = Buffer.concat([begin, chunk]).subarray(0, BEGIN_BYTES);
    size += chunk.length;
    if (size > MOST_PASSED_OVER) break;
  }
  return begin;
}

async function collect(what: string, body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(what, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(what: string, maxBytes: number): LonghaulError {
  const message = `${what} answered with more than ${maxBytes.toLocaleString('en')} bytes.`;
  return new LonghaulError('source_refused', message, {
    hint: 'Ask for smaller pages (`pageSize`), or raise `maxPageBytes` of the connection.',
  });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

function decompressed(what: string, headers: Headers, body: Readable): Readable {
  const encodings = listHeader(headers, 'content-encoding')
    .toLowerCase()
    .split(/[\s,]+/);
  const coded = encodings.filter((encoding) => encoding !== '' && encoding !== 'identity');
  return coded.toReversed().reduce((stream, encoding) => {
    const decoder = DECODERS[encoding];
    if (!decoder)
      throw new LonghaulError('response_invalid', `${what} answered in an encoding not asked for.`);
    // The reader of the last stream sees every error; the callback only has to exist.
    return pipeline(stream, decoder(), () => {});
  }, body);
}
