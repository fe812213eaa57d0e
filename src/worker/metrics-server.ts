// Answers `GET /metrics` on this machine, and nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LonghaulError } from '../core/errors.js';
import type { WorkerMetrics } from './metrics.js';

const HOST = '127.0.0.1';

export interface MetricsServer {
  readonly url: string;
  close(): void;
}

/** `port` 0 takes a free one. Throws `port_taken`. It does not keep the process alive. */
export async function serveMetrics(
  metrics: Pick<WorkerMetrics, 'contentType' | 'text'>,
  port: number,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    void metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', (cause: NodeJS.ErrnoException) => {
      const taken = new LonghaulError('port_taken', `Port ${port} of ${HOST} is taken.`, { cause });
      reject(cause.code === 'EADDRINUSE' ? taken : cause);
    });
    server.listen(port, HOST);
  });
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://${HOST}:${taken}/metrics`, close: () => server.close() };
}
