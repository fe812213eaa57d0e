// Composition root of the web tier: config without secrets, stores, Temporal's client, the app; runs until it is told to stop.
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import pino, { type Logger } from 'pino';
import { loadConfig } from '../config/load.js';
import { publicConnections } from '../config/public.js';
import { temporalTarget, type TemporalTarget } from '../config/temporal.js';
import { LonghaulError } from '../core/errors.js';
import { createApp } from './app.js';
import { loadDashboard } from './dashboard.js';
import { serve, type Serving } from './server.js';
import { createStores } from './stores.js';

export interface ApiOptions {
  readonly configPath: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Without keys a loopback address. */
  readonly host: string;
  /** Base URL of Temporal's Web UI, for links. */
  readonly webUi?: string;
}

/**
 * Resolves after SIGTERM, SIGINT or the end of the launcher. Starts whether Temporal answers or not: /readyz tells.
 * Throws `config_invalid`, `host_refused`, `port_taken`.
 */
export async function runApi(options: ApiOptions): Promise<void> {
  const log = pino(
    { base: { process: 'api', pid: process.pid } },
    pino.destination({ dest: 2, sync: false }),
  );
  const stop = stopRequest();
  const api = await startApi(options, stop, log);
  log.info({ url: api.url }, 'api ready');
  process.send?.({ event: 'ready', url: api.url });
  await aborted(stop);
  await api.close();
  // An open channel to the launcher would keep the process alive.
  if (process.connected) process.disconnect();
}

/**
 * Streams of events end when `stop` aborts; the rest ends at `close`. The connection to Temporal is left to the end of the
 * process, which it does not hold up: closed, it makes a call that is about to be retried throw where nobody can catch it.
 */
export async function startApi(options: ApiOptions, stop: AbortSignal, log: Logger): Promise<Serving> {
  const config = await loadConfig(options.configPath, { secrets: 'leave', env: process.env });
  const keys = config.keys ?? [];
  const target = temporalTarget(process.env);
  log.info({ temporal: target.description }, 'connecting');
  const connection = connect(target);
  const app = createApp({
    client: new Client({ connection, namespace: target.namespace }),
    connections: publicConnections(config),
    stores: createStores({ config, configPath: options.configPath, env: process.env }),
    webUiUrl: options.webUi?.replace(/\/+$/, '') ?? null,
    clock: () => Date.now(),
    stop,
    logError: (err, request) => log.error({ err, request }, 'request failed'),
    dashboard: await loadDashboard(),
    access: {
      keys,
      hosts: config.api?.hosts ?? [],
      sessionSecret: sessionSecret(process.env),
      audit: (line) => log.info(line, 'audit'),
      logRefusal: (refusal) => log.warn(refusal, 'key refused'),
    },
  });
  return serve(app.fetch, { ...options, hasKeys: keys.length > 0 });
}

/** Without one of their own, sessions end with the process. Throws `config_invalid` for one that could be guessed. */
function sessionSecret({ LONGHAUL_SESSION_SECRET: given }: NodeJS.ProcessEnv): string | Buffer {
  if (given === undefined || given === '') return randomBytes(32);
  if (given.length >= 32) return given;
  throw new LonghaulError('config_invalid', 'LONGHAUL_SESSION_SECRET is too short to be safe.', {
    hint: 'Take 32 random characters or more: `openssl rand -base64 32`.',
  });
}

/** Connects at the first call, and after an outage within a second: gRPC would take up to two minutes by default. */
function connect({ connectionOptions }: TemporalTarget): Connection {
  return Connection.lazy({
    ...connectionOptions,
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 },
  });
}

/** The launcher's end, however it came, is ours too: nothing may stay behind. */
function stopRequest(): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  return stopping.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
