// Serves the app on this machine: the socket, and how it is closed.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { LonghaulError } from '../core/errors.js';
import { answerClientErrors } from './client-errors.js';
import { isLoopback } from './guard.js';

export interface Serving {
  readonly url: string;
  /** Lets running requests finish, for a moment. */
  close(): Promise<void>;
}

/** Requests that are still running after this are cut off. */
const GRACE_MS = 2_000;

export interface Place {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Throws `host_refused` for a host that is not this machine, `port_taken` where another listens. */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  place: Place,
): Promise<Serving> {
  const { host } = place;
  if (!isLoopback(host)) {
    throw new LonghaulError('host_refused', `The API cannot listen on ${host}: it has no access keys yet.`, {
      hint: 'Listen on 127.0.0.1, and let a proxy with a login of its own face the network.',
    });
  }
  const server = createAdaptorServer({ fetch }) as Server;
  answerClientErrors(server);
  await listen(server, place);
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close: () => close(server) };
}

function listen(server: Server, { host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve).once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new LonghaulError('port_taken', `Port ${port} of ${host} is taken.`, { cause: error })
          : error,
      );
    });
    server.listen(port, host);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection is kept open by its client after its last answer: it falls idle only then.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(cut);
      resolve();
    });
  });
}
