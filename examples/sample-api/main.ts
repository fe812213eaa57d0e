// Starts the sample API: something to back up where there is nothing else. `--help` lists the options.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createSampleApi } from './server.js';

const HELP = `Serves contacts and companies that never were, in pages, with the manners of a real API.
  --port N        port on 127.0.0.1; 0 takes a free one (8500)
  --records N     contacts and companies together (250000)
  --rps N         requests a second that are let through; more are answered 429 (50)
  --faults on|off now and then a 429, a 500 or a cut-off body (on)
  --seed N        other records, other faults (1)
  --token T       requests must carry this bearer token (none)`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8500' },
    records: { type: 'string', default: '250000' },
    rps: { type: 'string', default: '50' },
    faults: { type: 'string', default: 'on' },
    seed: { type: 'string', default: '1' },
    token: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function wholeNumber(name: 'port' | 'records' | 'seed' | 'rps'): number {
  if (!/^\d{1,9}$/.test(values[name])) throw new Error(`--${name} takes a whole number`);
  return Number(values[name]);
}

function onOff(name: 'faults'): boolean {
  if (!['on', 'off'].includes(values[name])) throw new Error(`--${name} is on or off`);
  return values[name] === 'on';
}

async function main(): Promise<void> {
  if (values.help) return console.log(HELP);
  const server = createSampleApi({
    records: wholeNumber('records'),
    seed: wholeNumber('seed'),
    rps: wholeNumber('rps'),
    faults: onOff('faults'),
    token: values.token,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
  server.listen(wholeNumber('port'), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` }));
}

await main();
