// A way to an S3 server that fails on demand: each fault is said once, for the next requests that it fits.
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Seen {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Fault {
  /** Which requests it is for. */
  readonly fits: (seen: Seen) => boolean;
  /** How many of them. */
  times: number;
  readonly kind:
    | { readonly type: 'refuse'; readonly status: number; readonly code: string }
    /** The server does what is asked, and the connection breaks before its answer. */
    | { readonly type: 'lose-answer' }
    /** The connection breaks in the middle of the answer's body. */
    | { readonly type: 'cut' }
    /** One byte of the answer's body, or of the request's, is another. */
    | { readonly type: 'change-answer' }
    | { readonly type: 'change-request' }
    /** No answer, ever. */
    | { readonly type: 'stall' }
    /** As from a server that knows no conditions: it says that it wrote, where it refused to. */
    | { readonly type: 'ignore-condition' };
}

export interface S3Proxy {
  readonly endpoint: string;
  readonly seen: readonly Seen[];
  /** Forgets what was seen, so that a long run does not fill memory. */
  forget(): void;
  /** The most requests that were on their way at one time. */
  mostAtOnce(): number;
  add(kind: Fault['kind'], fits: Fault['fits'], times?: number): Fault;
  /** Throws where a fault still waits for its request. */
  assertAllFired(): void;
  close(): Promise<void>;
}

export async function startS3Proxy(target: string): Promise<S3Proxy> {
  const { hostname, port } = new URL(target);
  const seen: Seen[] = [];
  const faults: Fault[] = [];
  let open = 0;
  let most = 0;
  const server = createServer((incoming, answer) => {
    open += 1;
    most = Math.max(most, open);
    answer.on('close', () => (open -= 1));
    handle(incoming, answer).catch(() => answer.destroy());
  });

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const it = { method, url, headers };
    seen.push(it);
    const fault = faults.find(({ times, fits }) => times > 0 && fits(it));
    if (fault) fault.times -= 1;
    const body = await buffer(incoming);
    if (fault?.kind.type === 'refuse') return refuse(answer, fault.kind);
    const kind = fault?.kind.type;
    if (kind === 'stall') return;
    // The host stays what the client signed.
    const sent = { hostname, port, method, path: url, headers };
    const {
      status,
      headers: told,
      bytes,
    } = await forward(sent, kind === 'change-request' ? changed(body) : body);
    if (kind === 'lose-answer') return void answer.destroy();
    if (kind === 'ignore-condition' && status === 412) return void answer.end();
    answer.writeHead(status, told);
    if (kind === 'cut')
      return void answer.write(bytes.subarray(0, bytes.length >> 1), () => answer.destroy());
    answer.end(kind === 'change-answer' ? changed(bytes) : bytes);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    forget: () => void (seen.length = 0),
    mostAtOnce: () => most,
    add(kind, fits, times = 1) {
      const fault = { kind, fits, times };
      faults.push(fault);
      return fault;
    },
    assertAllFired() {
      const left = faults.filter(({ times }) => times > 0 && times !== Infinity);
      if (left.length > 0) throw new Error(`never fired: ${JSON.stringify(left.map(({ kind }) => kind))}`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(answer: ServerResponse, { status, code }: { status: number; code: string }): void {
  answer.writeHead(status, { 'content-type': 'application/xml' });
  answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused on purpose</Message></Error>`);
}

async function forward(options: RequestOptions, body: Buffer) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(options, resolve).on('error', reject).end(body);
  });
  return { status: response.statusCode ?? 502, headers: response.headers, bytes: await buffer(response) };
}

function changed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
