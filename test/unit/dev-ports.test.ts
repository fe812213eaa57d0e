import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimAddresses, claimSamplePort } from '../../src/dev/addresses.js';
import { loadDeclaration } from '../../src/dev/declaration.js';

let server: Server;
let taken: number;
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  taken = (server.address() as AddressInfo).port;
});
afterEach(() => server.close());

describe('ports of the launcher', () => {
  it.each([
    ['the API', '--port', { port: 'taken', temporalPort: 0, uiPort: 0 }],
    ['Temporal', '--temporal-port', { port: 0, temporalPort: 'taken', uiPort: 0 }],
    ["Temporal's Web UI", '--ui-port', { port: 0, temporalPort: 0, uiPort: 'taken' }],
  ] as const)('a port that %s cannot have is named, with %s', async (who, flag, wanted) => {
    const port = (value: number | 'taken'): number => (value === 'taken' ? taken : value);
    const ports = {
      port: port(wanted.port),
      temporalPort: port(wanted.temporalPort),
      uiPort: port(wanted.uiPort),
    };
    await expect(claimAddresses(ports, await loadDeclaration())).rejects.toMatchObject({
      code: 'port_taken',
      message: `Port ${taken} on 127.0.0.1 is taken; ${who} needs it.`,
      hint: expect.stringContaining(flag) as string,
    });
  });

  it('the port of the sample API is changed in the config', async () => {
    await expect(claimSamplePort('127.0.0.1', taken)).rejects.toMatchObject({
      code: 'port_taken',
      hint: expect.stringContaining('dev.sampleApi.port') as string,
    });
  });

  it('0 takes ports that nobody listens on', async () => {
    const wanted = { port: 0, temporalPort: 0, uiPort: 0 };
    const { apiPort, temporalPort, uiPort } = await claimAddresses(wanted, await loadDeclaration());
    const all = [apiPort, temporalPort, uiPort].map((port) => createServer().listen(port, '127.0.0.1'));
    await Promise.all(all.map((each) => once(each, 'listening')));
    await Promise.all(all.map((each) => new Promise((resolve) => each.close(resolve))));
    expect(new Set([apiPort, temporalPort, uiPort]).size).toBe(3);
  });
});
