// The socket: who sends or takes too slowly is let go, and holds up nobody.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Serving } from '../../src/api/server.js';

/** Far apart, so that it is seen which of them ended a connection. */
const PATIENCE = { headers: 400, request: 1_500, silence: 4_000 };
const LARGE = 64 * 1_048_576;

let serving: Serving;
let cancelled: Promise<void>;
beforeAll(async () => {
  let isCancelled: () => void;
  cancelled = new Promise((resolve) => (isCancelled = resolve));
  const fetch = async (request: Request): Promise<Response> => {
    if (!request.url.endsWith('/large')) return new Response(await request.text());
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (sink) => {
        sink.enqueue(new Uint8Array(65_536));
        if ((sent += 65_536) >= LARGE) sink.close();
      },
      cancel: () => isCancelled(),
    });
    return new Response(body);
  };
  serving = await serve(fetch, { host: '127.0.0.1', port: 0, hasKeys: false }, PATIENCE);
});
afterAll(() => serving.close());

interface Client {
  readonly socket: Socket;
  readonly said: () => string;
  /** How long it was let stay, in ms. */
  readonly stayed: Promise<number>;
}

async function client(text: string): Promise<Client> {
  const socket = connect(Number(new URL(serving.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const began = performance.now();
  let said = '';
  socket.on('data', (data) => (said += data.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text);
  return { socket, said: () => said, stayed: once(socket, 'close').then(() => performance.now() - began) };
}

describe('a client that is too slow', () => {
  it('with its headers is told so and let go', async () => {
    const slow = await client('GET / HTTP/1.1\r\nHost: localhost\r\n');
    expect(await slow.stayed).toBeLessThan(PATIENCE.request);
    expect(slow.said()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('with its body is let go, however much it has sent so far', async () => {
    const slow = await client('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n');
    const drops = setInterval(() => slow.socket.write('x'), 100);
    const stayed = await slow.stayed;
    clearInterval(drops);
    expect(stayed).toBeGreaterThan(PATIENCE.headers);
    expect(stayed).toBeLessThan(PATIENCE.silence);
  });

  it('with taking what it asked for is let go, and so is what was read for it', async () => {
    const slow = await client('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    slow.socket.pause();
    await cancelled;
    slow.socket.resume();
    await slow.stayed;
    expect(slow.said().length).toBeLessThan(LARGE);
  });

  it('holds up no other', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => client('GET / HTTP/1.1\r\nHost:')));
    const answer = await fetch(serving.url, { method: 'POST', body: 'still here' });
    expect(await answer.text()).toBe('still here');
    const stayed = await Promise.all(slow.map((each) => each.stayed));
    expect(Math.max(...stayed)).toBeLessThan(PATIENCE.silence);
  });
});

it('listens on another address only where it has keys', async () => {
  const fetch = () => new Response('ok');
  const place = { host: '0.0.0.0', port: 0 };
  await expect(serve(fetch, { ...place, hasKeys: false })).rejects.toMatchObject({ code: 'host_refused' });
  const open = await serve(fetch, { ...place, hasKeys: true });
  await open.close();
});
