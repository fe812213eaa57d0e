// One connection to the server holding one read-only transaction, with settings under which bytes are the same everywhere.
import { Socket } from 'node:net';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { PostgresConnection } from '../../config/postgres.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { asLonghaulError } from './errors.js';
import { quoted, type TableName } from './names.js';

/** Every method throws `LonghaulError`, or `Stopped` when `ctx.signal` aborts. After an error the session is dead. */
export interface Session {
  readonly serverVersion: number;
  /** Rows of texts, as the server prints them: nothing passes through a JavaScript number or date. */
  rows(text: string, values?: readonly unknown[]): Promise<(string | null)[][]>;
  /** Begins `COPY (query) TO STDOUT` as CSV. */
  copy(query: string): Copy;
  /** Ends the transaction. */
  end(): Promise<void>;
  /** Lets go of the connection at any time, breaking off what runs. Harmless when repeated. */
  close(): void;
}

export interface Copy {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How many records the server says it sent; known when `bytes` have ended. */
  records(): number;
}

export interface SessionOptions {
  readonly connection: string;
  readonly config: PostgresConnection;
  readonly ctx: Context;
  /** A table to keep from changing for as long as the session lasts. */
  readonly hold?: TableName;
}

const DEFAULT_TIMEOUT_SECONDS = 60;
const LONGEST_LOCK_WAIT_SECONDS = 30;
const OLDEST_SERVER = 120_000;

/** Set for the transaction only, so that they hold behind a transaction pooler too and never leak into it. */
const SETTINGS: Readonly<Record<string, string>> = {
  // what decides the bytes
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  // rows that a policy would hide are an error, never left out in silence
  row_security: 'off',
  // a key order comes from the index that has it; sorting a whole table for every chunk would never end
  enable_sort: 'off',
  synchronize_seqscans: 'off',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // a slow reader is no fault
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

const APPLY_SETTINGS = `
  SELECT current_setting('server_version_num'), set_config(s.key, s.value, true)
  FROM json_each_text($1) AS s
  WHERE EXISTS (SELECT FROM pg_catalog.pg_settings AS known WHERE lower(known.name) = s.key)`;

export async function openSession({ connection, config, ctx, hold }: SessionOptions): Promise<Session> {
  const timeoutMs = 1_000 * (config.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
  const socket = new Socket();
  const client = createClient(connection, config, socket);
  const where = `connection ${connection}`;
  const guarded = guard({ ctx, timeoutMs, where, breakOff: () => socket.destroy() });

  await guarded(client.connect());
  await guarded(client.query(begin(timeoutMs, hold)));
  const rows = async (text: string, values: readonly unknown[] = []) => {
    const query = { text, values: [...values], rowMode: 'array' as const };
    return (await guarded(client.query<(string | null)[]>(query))).rows;
  };
  const applied = await rows(APPLY_SETTINGS, [JSON.stringify(SETTINGS)]);
  const serverVersion = Number(applied[0]?.[0]);
  let ended = false;
  const session: Session = {
    serverVersion,
    rows,
    copy: (query) => startCopy(client, query, guarded),
    end: async () => {
      await rows('COMMIT');
      ended = true;
    },
    close: () => {
      if (ended) void client.end().catch(() => {});
      else socket.destroy();
    },
  };
  if (serverVersion < OLDEST_SERVER) {
    session.close();
    throw new LonghaulError('database_error', `${where}: the server is older than PostgreSQL 12`);
  }
  return session;
}

/** The lock comes before the first SELECT: what the transaction sees is fixed there, and must not be older than the lock. */
function begin(timeoutMs: number, hold: TableName | undefined): string {
  const lockTimeout = Math.min(LONGEST_LOCK_WAIT_SECONDS * 1_000, Math.ceil(timeoutMs / 2));
  return [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    'SET LOCAL statement_timeout = 0',
    `SET LOCAL lock_timeout = ${lockTimeout}`,
    ...(hold === undefined ? [] : [`LOCK TABLE ONLY ${quoted(hold)} IN ACCESS SHARE MODE`]),
  ].join('; ');
}

function createClient(connection: string, config: PostgresConnection, socket: Socket): Client {
  try {
    const client = new Client({
      connectionString: config.url,
      stream: () => socket,
      keepAlive: true,
      application_name: 'longhaul',
      client_encoding: 'UTF8',
      types: { getTypeParser: () => String },
    });
    // A broken connection reaches us through the query that runs on it.
    client.on('error', () => {});
    return client;
  } catch {
    // The parser's own error repeats the URL, password included.
    throw new LonghaulError('config_invalid', `connection ${connection}: \`url\` is no PostgreSQL URL`, {
      hint: 'Write postgres://user:password@host:port/database, with %-escapes for special letters in the password.',
    });
  }
}

type Guarded = <T>(work: Promise<T>) => Promise<T>;

interface GuardOptions {
  readonly ctx: Context;
  readonly timeoutMs: number;
  readonly where: string;
  readonly breakOff: () => void;
}

/** Bounds the server's silence, breaks off when `ctx.signal` aborts, and names the errors. */
function guard({ ctx, timeoutMs, where, breakOff }: GuardOptions): Guarded {
  const { signal } = ctx;
  const silent = () => new LonghaulError('source_timeout', `${where}: no answer for ${timeoutMs / 1_000} s`);
  return (work) =>
    new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: Error) => {
        finish();
        breakOff();
        reject(error);
      };
      const onAbort = () => giveUp(new Stopped('broken off'));
      const timer = setTimeout(() => giveUp(silent()), timeoutMs);
      signal.addEventListener('abort', onAbort);
      work.finally(finish).then(resolve, (error: unknown) => {
        breakOff();
        reject(asLonghaulError(error, where));
      });
      if (signal.aborted) onAbort();
    });
}

function startCopy(client: Client, query: string, guarded: Guarded): Copy {
  const stream = client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT csv)`));
  stream.on('error', () => {}); // a session closed in the middle has nobody left to hear of it
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    for (;;) {
      const next = await guarded(chunks.next());
      if (next.done === true) break;
      yield next.value;
    }
    await guarded(client.query('')); // the count stands behind the bytes: any answer after it will do
  }
  return { bytes: bytes(), records: () => stream.rowCount };
}
