// Stands before an S3 server and keeps what it was asked; hosts stay as they were signed.
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.js';

export interface CountingProxy {
  readonly endpoint: string;
  /** `METHOD path range`, in order, of all requests so far. */
  readonly asked: string[];
  /** Bytes of all bodies that were answered so far. */
  answered(): number;
  /** Resolves when so many requests have come that match. */
  waitFor(count: number, matches: (asked: string) => boolean, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const asked: string[] = [];
  let bytes = 0;
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    asked.push(`${method} ${url} ${headers.range ?? ''}`);
    const onward = request({ hostname, port, method, path: url, headers }, (answer: IncomingMessage) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answered: () => bytes,
    async waitFor(count, matches, timeoutMs = 90_000) {
      await until(`${count} requests`, () => asked.filter(matches).length >= count, {
        timeoutMs,
        everyMs: 20,
      });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
