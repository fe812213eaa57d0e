// The network between workers and Temporal: a way through for TCP that can be cut. What is sent meanwhile is lost to nobody,
// as with packets that are sent again, but nothing arrives until the cut is over.
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Network {
  /** host:port to connect to. */
  readonly address: string;
  /** Pieces of traffic that a cut held up so far. */
  held(): number;
  isCut(): boolean;
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}

/** To a port of this machine, which need not be served yet. */
export async function startNetwork(port: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] | null = null;
  let held = 0;

  /** Now, or in turn when the cut is over. */
  function pass(send: () => void): void {
    if (waiting === null) return send();
    held += 1;
    waiting.push(send);
  }

  function lead(from: Socket, to: Socket): void {
    sockets.add(from);
    from.on('data', (piece) => pass(() => to.write(piece)));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      pass(() => to.destroy());
    });
  }

  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    lead(near, far);
    lead(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    held: () => held,
    isCut: () => waiting !== null,
    cut: () => void (waiting ??= []),
    heal() {
      const sends = waiting ?? [];
      waiting = null;
      for (const send of sends) send();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
