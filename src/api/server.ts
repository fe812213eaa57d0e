// Serves the app: the socket, how long it waits for slow clients, and how it is closed.
import type { Server, ServerOptions } from 'node:http';
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
  /** Without keys only this machine is served. */
  readonly hasKeys: boolean;
}

/** All in ms. Who sends or takes nothing for so long holds a socket that others need. */
export interface Patience {
  /** For the headers of a request to be there. */
  readonly headers: number;
  /** For the whole request, its body with it. */
  readonly request: number;
  /** Between two bytes, either way. Longer than the comments of a stream of events are apart. */
  readonly silence: number;
}

const PATIENCE: Patience = { headers: 10_000, request: 30_000, silence: 60_000 };

/** Throws `host_refused` without keys for a host that is not this machine, `port_taken` where another listens. */
export async function serve(
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  place: Place,
  patience: Patience = PATIENCE,
): Promise<Serving> {
  const { host, hasKeys } = place;
  if (!hasKeys && !isLoopback(host)) {
    throw new LonghaulError('host_refused', `The API cannot listen on ${host}: it has no access keys.`, {
      hint: 'Make keys with `longhaul keys add`, or listen on 127.0.0.1.',
    });
  }
  const server = createAdaptorServer({ fetch, serverOptions: optionsOf(patience) }) as Server;
  server.setTimeout(patience.silence);
  answerClientErrors(server);
  await listen(server, place);
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close: () => close(server) };
}

function optionsOf({ headers, request }: Patience): ServerOptions {
  const interval = Math.ceil(headers / 4);
  return { headersTimeout: headers, requestTimeout: request, connectionsCheckingInterval: interval };
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
