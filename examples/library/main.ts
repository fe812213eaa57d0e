// Longhaul inside a process of one's own: a worker and the API on an existing Temporal, until Ctrl-C.
// Call: node dist/examples/library/main.js CONFIG [PORT]
import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import * as longhaul from 'longhaul';

const [configPath = 'longhaul.config.yml', port = '8400'] = process.argv.slice(2);
const temporal = {
  address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233',
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
};
const log = pino();
const stop = new AbortController();

const connection = await NativeConnection.connect(temporal);
const worker = await longhaul.createWorker(
  { connection, namespace: temporal.namespace, workflowBundle: longhaul.workflowBundle },
  { connections: await workerConnections(), clock: longhaul.systemClock, log, version: longhaul.VERSION },
);
const server = serve({ fetch: (await createApi()).fetch, hostname: '127.0.0.1', port: Number(port) }, (at) =>
  log.info({ port: at.port }, 'ready'),
);
process.on('SIGINT', () => {
  stop.abort();
  server.close();
  worker.shutdown();
});
await worker.run();
await connection.close();

/** The worker has the secrets, and the connectors that the config names. */
async function workerConnections() {
  const own = longhaul.createOwnConnectors(configPath);
  const options = { secrets: 'resolve', env: process.env, inspect: own.inspect } as const;
  return longhaul.createConnections(await longhaul.loadConfig(configPath, options), own.makers);
}

/** The API leaves them where they are. */
async function createApi() {
  const config = await longhaul.loadConfig(configPath, { secrets: 'leave', env: process.env });
  return longhaul.createApp({
    client: new Client({ connection: await Connection.connect(temporal), namespace: temporal.namespace }),
    connections: longhaul.publicConnections(config),
    stores: longhaul.createStores({ config, configPath, env: process.env }),
    webUiUrl: null,
    dashboard: await longhaul.loadDashboard(),
    clock: Date.now,
    stop: stop.signal,
    logError: (err, request) => log.error({ err, request }, 'request failed'),
    access: {
      keys: config.keys ?? [],
      hosts: config.api?.hosts ?? [],
      sessionSecret: randomBytes(32),
      audit: (line) => log.info(line, 'audit'),
      logRefusal: (refusal) => log.warn(refusal, 'key refused'),
    },
  });
}
