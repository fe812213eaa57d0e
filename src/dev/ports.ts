// Ports on loopback: is it free, and which one is.
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { LonghaulError } from '../core/errors.js';

/**
 * Free ports are taken from below the range that systems use for outgoing connections. A client that keeps knocking at
 * a port inside that range, while its server restarts, can end up connected to itself and hold the port.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;

export interface PortNeed {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Who needs it, for the error. */
  readonly who: string;
  /** How to choose another, for the error. */
  readonly choose: string;
}

/** The port itself if nobody listens there, or a free one for 0. @throws LonghaulError `port_taken` */
export async function claimPort({ host, port, who, choose }: PortNeed): Promise<number> {
  if (port === 0) return freePort(host);
  if (await isFree(host, port)) return port;
  throw new LonghaulError('port_taken', `Port ${port} on ${host} is taken; ${who} needs it.`, {
    hint: `Stop what listens there, or choose another port: ${choose}.`,
  });
}

export async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(host, port)) return port;
  }
  throw new LonghaulError('port_taken', `No free port found on ${host} between ${LOWEST} and ${HIGHEST}.`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether something accepts connections there. */
export function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
