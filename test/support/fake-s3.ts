// An S3 server in memory, for what a real one over a folder cannot hold or do: any legal key, faults on demand, latency.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Connection } from '../../src/config/s3.js';

export interface StoredObject {
  readonly body: Buffer;
  /** Those that a GET repeats: `content-type`, `x-amz-meta-…`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags?: string;
  /** ISO time; default: one in 2024. */
  readonly modified?: string;
}

export interface Asked {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** What goes wrong with a request; null: nothing. `cut`: the body ends early. */
export type Trouble = { readonly status: number; readonly code: string } | 'cut' | null;

export interface FakeS3 {
  readonly objects: Map<string, StoredObject>;
  readonly requests: Asked[];
  /** Called before each answer. */
  trouble: (asked: Asked) => Trouble;
  latencyMs: number;
  /** Uploads that were neither completed nor given up. */
  openUploads(): number;
  put(key: string, body: string | Buffer, rest?: Partial<StoredObject>): void;
  connection(differing?: Partial<S3Connection>): S3Connection;
  stop(): Promise<void>;
}

const BUCKET = 'fake';
const KEPT =
  /^(content-(type|encoding|language|disposition)|cache-control|x-amz-meta-.*|x-amz-website-redirect-location)$/;

interface Upload {
  readonly key: string;
  readonly object: Omit<StoredObject, 'body'>;
  readonly parts: Map<number, Buffer>;
}

/** `keys`: sorted by their bytes; what it lists instead of the keys of `objects`, each with one byte. */
export async function startFakeS3(keys?: readonly string[]): Promise<FakeS3> {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Upload>();
  const requests: Asked[] = [];
  /** Lines of `keys`, made once. */
  const listed: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = '', search = ''] = (request.url ?? '').split('?', 2);
    const key = decodeURIComponent(path.slice(BUCKET.length + 2));
    const { method = '', headers } = request;
    const asked = { method, key, query: new URLSearchParams(search), headers };
    requests.push(asked);
    if (fake.latencyMs > 0) await sleep(fake.latencyMs);
    const trouble = fake.trouble(asked);
    if (trouble !== null && trouble !== 'cut') return fail(response, trouble.status, trouble.code);
    return act(asked, unchunked(Buffer.concat(chunks), headers), response, trouble === 'cut');
  }

  function act(asked: Asked, body: Buffer, response: ServerResponse, isCut: boolean): void {
    const { method, key, query } = asked;
    const uploadId = query.get('uploadId');
    if (key === '') return list(asked, response);
    if (query.has('tagging')) return xml(response, 200, tagging(objects.get(key)?.tags ?? ''));
    if (query.has('uploads')) return create(asked, response);
    if (uploadId !== null) return upload(asked, uploadId, body, response);
    if (method === 'PUT') return put(asked, body, response);
    if (method === 'DELETE') {
      objects.delete(key);
      return void response.writeHead(204).end();
    }
    return get(asked, response, isCut);
  }

  function list({ query }: Asked, response: ServerResponse): void {
    const sorted = keys ?? [...objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const prefix = query.get('prefix') ?? '';
    const after = query.get('start-after') ?? '';
    const most = Number(query.get('max-keys') ?? 1_000);
    let at = firstFrom(sorted, after > prefix ? after : prefix);
    const lines: string[] = [];
    for (; at < sorted.length && lines.length < most; at += 1) {
      const key = sorted[at]!;
      if (key <= after && key !== prefix) continue;
      if (!key.startsWith(prefix)) break;
      if (keys) {
        lines.push((listed[at] ??= lineOf(key, 'e', 1)));
        continue;
      }
      const { body, modified } = objects.get(key)!;
      lines.push(lineOf(key, etagOf(body), body.length, modified));
    }
    const more = at < sorted.length && sorted[at]!.startsWith(prefix);
    const head = `<Name>${BUCKET}</Name><KeyCount>${lines.length}</KeyCount><IsTruncated>${more}</IsTruncated><EncodingType>url</EncodingType>`;
    xml(response, 200, `<ListBucketResult>${head}${lines.join('')}</ListBucketResult>`);
  }

  function get({ method, key, headers }: Asked, response: ServerResponse, isCut: boolean): void {
    const object = objects.get(key);
    if (!object) return fail(response, 404, 'NoSuchKey');
    const etag = `"${etagOf(object.body)}"`;
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag)
      return fail(response, 412, 'PreconditionFailed');
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const body = range
      ? object.body.subarray(Number(range[1]), range[2] === '' ? undefined : Number(range[2]) + 1)
      : object.body;
    response.writeHead(range ? 206 : 200, {
      ...object.headers,
      etag,
      'last-modified': new Date(object.modified ?? MODIFIED).toUTCString(),
      'content-length': body.length,
      ...(object.tags !== undefined && { 'x-amz-tagging-count': '1' }),
    });
    if (!isCut) return void response.end(method === 'HEAD' ? undefined : body);
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  }

  function put({ key, headers }: Asked, body: Buffer, response: ServerResponse): void {
    if (headers['if-none-match'] === '*' && objects.has(key))
      return fail(response, 412, 'PreconditionFailed');
    objects.set(key, { ...keptOf(headers), body });
    response.writeHead(200, { etag: `"${etagOf(body)}"` }).end();
  }

  function create({ key, headers }: Asked, response: ServerResponse): void {
    const id = randomUUID();
    uploads.set(id, { key, object: keptOf(headers), parts: new Map() });
    xml(
      response,
      200,
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  function upload(
    { method, key, query, headers }: Asked,
    id: string,
    body: Buffer,
    response: ServerResponse,
  ): void {
    const found = uploads.get(id);
    if (!found) return fail(response, 404, 'NoSuchUpload');
    if (method === 'PUT') {
      found.parts.set(Number(query.get('partNumber')), body);
      return void response.writeHead(200, { etag: `"${etagOf(body)}"` }).end();
    }
    const parts = [...found.parts].sort(([a], [b]) => a - b);
    if (method === 'GET') {
      const lines = parts.map(
        ([number, part]) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etagOf(part)}"</ETag></Part>`,
      );
      return xml(
        response,
        200,
        `<ListPartsResult><IsTruncated>false</IsTruncated>${lines.join('')}</ListPartsResult>`,
      );
    }
    if (method === 'POST' && headers['if-none-match'] === '*' && objects.has(key))
      return fail(response, 412, 'PreconditionFailed');
    uploads.delete(id);
    if (method === 'DELETE') return void response.writeHead(204).end();
    objects.set(key, { ...found.object, body: Buffer.concat(parts.map(([, part]) => part)) });
    xml(response, 200, '<CompleteMultipartUploadResult><ETag>"x-1"</ETag></CompleteMultipartUploadResult>');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeS3 = {
    objects,
    requests,
    trouble: () => null,
    latencyMs: 0,
    openUploads: () => uploads.size,
    put: (key, body, rest) => void objects.set(key, { headers: {}, ...rest, body: Buffer.from(body) }),
    connection: (differing) => ({
      type: 's3',
      bucket: BUCKET,
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      ...differing,
    }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

/** By code units, which is the order of bytes for the keys that this is used with in large lists. */
function firstFrom(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length];
  if (/[\ud800-\udfff]/.test(sorted.at(-1) ?? '')) return 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The SDK may send a body in chunks with a trailer. */
function unchunked(body: Buffer, headers: IncomingMessage['headers']): Buffer {
  if (!(headers['content-encoding'] ?? '').includes('aws-chunked')) return body;
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}

function keptOf(headers: IncomingMessage['headers']): Omit<StoredObject, 'body'> {
  const kept = Object.entries(headers).filter(([name, value]) => KEPT.test(name) && value !== 'aws-chunked');
  const tags = headers['x-amz-tagging'];
  return {
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    ...(tags !== undefined && { tags: String(tags) }),
  };
}

const MODIFIED = '2024-01-02T03:04:05.000Z';

function lineOf(key: string, etag: string, size: number, modified = MODIFIED): string {
  const rest = `<LastModified>${modified}</LastModified><StorageClass>STANDARD</StorageClass>`;
  return `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size>${rest}</Contents>`;
}

function tagging(tags: string): string {
  const set = [...new URLSearchParams(tags)].map(
    ([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`,
  );
  return `<Tagging><TagSet>${set.join('')}</TagSet></Tagging>`;
}

const etagOf = (body: Buffer): string => createHash('md5').update(body).digest('hex');

function fail(response: ServerResponse, status: number, code: string): void {
  xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

function xml(response: ServerResponse, status: number, text: string): void {
  const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
  response
    .writeHead(status, { 'content-type': 'application/xml', 'content-length': bytes.length })
    .end(bytes);
}
