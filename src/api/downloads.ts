// Answers a download: the bytes of one stored object, all or a range of them, as fast as they are taken.
import type { Context } from 'hono';
import { LonghaulError } from '../core/errors.js';
import type { JobFile } from '../core/files.js';
import type { FoundFile } from './files.js';
import { answer, type LogError } from './problems.js';
import { hasFile, isRangeOf, rangeOf, type ByteRange } from './ranges.js';
import { FILE_TYPES, OTHER_TYPE } from './result-routes.js';

/** Throws `object_missing` and `archive_damaged` where the store does not hold the file as it was listed. */
export async function sendFile(c: Context, found: FoundFile, log: LogError): Promise<Response> {
  const { file } = found;
  await assertThere(found);
  const headers = headersOf(file);
  if (hasFile(c.req.header('if-none-match'), headers.etag)) return c.body(null, 304, { etag: headers.etag });
  const range = askedFor(c, file, headers.etag);
  if (range === 'unsatisfiable') return refuseRange(c, file);
  const { start, end } = range ?? { start: 0, end: file.bytes };
  const body = c.req.method === 'HEAD' ? null : bodyOf(c, found, { start, end }, log);
  return new Response(body, {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': String(end - start),
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${file.bytes}` }),
    },
  });
}

async function assertThere({ store, path, file }: FoundFile): Promise<void> {
  const there = await store.stat(path);
  if (!there) throw new LonghaulError('object_missing', `${path} is not in the store any more.`);
  if (there.size === file.bytes) return;
  throw new LonghaulError('archive_damaged', `${path} has ${there.size} bytes, not ${file.bytes}.`);
}

/** Only a GET can ask for a part. */
function askedFor(c: Context, { bytes }: JobFile, etag: string): ByteRange | 'unsatisfiable' | null {
  if (c.req.method !== 'GET' || !isRangeOf(c.req.header('if-range'), etag)) return null;
  return rangeOf(c.req.header('range'), bytes);
}

function refuseRange(c: Context, { bytes }: JobFile): Response {
  const error = new LonghaulError('range_unsatisfiable', `The file has ${bytes} bytes.`);
  return answer(c, error, { headers: { 'content-range': `bytes */${bytes}` } });
}

/** Opened at the first read, and let go when the last byte was taken or the client is gone. */
function bodyOf(c: Context, { store, path }: FoundFile, range: ByteRange, log: LogError): ReadableStream {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* store.read(path, range);
    } catch (error) {
      log(error, `${c.req.method} ${c.req.path}`);
      throw error;
    }
  }
  return ReadableStream.from(bytes());
}

function headersOf({ path, sha256 }: JobFile) {
  const digest = Buffer.from(sha256, 'hex').toString('base64');
  return {
    'content-type': typeOf(path),
    'content-disposition': dispositionOf(path.slice(path.lastIndexOf('/') + 1)),
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'repr-digest': `sha-256=:${digest}:`,
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
  };
}

function typeOf(path: string): string {
  const ending = path.slice(path.lastIndexOf('.') + 1);
  const types: Readonly<Record<string, string>> = FILE_TYPES;
  return (Object.hasOwn(types, ending) ? types[ending] : undefined) ?? OTHER_TYPE;
}

/** RFC 6266: the name in ASCII for every client, and as it is for those that can. */
function dispositionOf(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, '_');
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${exact}`}`;
}
