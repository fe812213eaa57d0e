// One connection to the server holding one transaction, read-only unless asked otherwise, with settings under which bytes are the same everywhere.
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Clients } from './clients.js';
import { createCopyOut } from './copy-out.js';
import type { RowBytes } from './framer.js';
import { guard, type Guarded } from './guard.js';
import { quoted, type TableName } from './names.js';
import { asWriteError, Refusal } from './target/errors.js';

/** Every method throws `LonghaulError`, or `Stopped` when `ctx.signal` aborts. After an error the session is dead. */
export interface Session {
  readonly serverVersion: number;
  /** Rows of texts, as the server prints them: nothing passes through a JavaScript number or date. */
  rows(text: string, values?: readonly unknown[]): Promise<(string | null)[][]>;
  /** Begins `COPY (query) TO STDOUT` as CSV. */
  copy(query: string): Copy;
  /** Begins a `COPY … FROM STDIN` statement. */
  copyIn(statement: string): CopyIn;
  /**
   * Does `work` under a savepoint: where the server refuses a record, all of it is taken back, the session lives on, and
   * the refusal is the answer. null: nothing was refused.
   */
  venture(work: () => Promise<void>): Promise<Refusal | null>;
  /** Ends the transaction, and the session with it. */
  end(): Promise<void>;
  /** Lets go of the connection at any time, breaking off what runs. Harmless when repeated. */
  close(): void;
}

export interface Copy {
  /** As they come, some at a time. */
  readonly rows: AsyncIterable<readonly RowBytes[]>;
  /** How many records the server says it sent; known when `rows` have ended. */
  records(): number;
}

export interface CopyIn {
  /** Resolves when more may come. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends it; answers how many records the server took. */
  end(): Promise<number>;
}

export interface SessionOptions {
  readonly clients: Clients;
  readonly ctx: Context;
  /** A table to keep from changing for as long as the session lasts. */
  readonly hold?: TableName;
  /** May change the database. */
  readonly write?: boolean;
  /** Longest silence of the server, where it is not that of the connection. */
  readonly timeoutMs?: number;
}

const LONGEST_LOCK_WAIT_SECONDS = 30;
const OLDEST_SERVER = 120_000;

type Settings = Readonly<Record<string, string>>;

/** Set for the transaction only, so that they hold behind a transaction pooler too and never leak into it. */
const SETTINGS: Settings = {
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
  // a slow reader is no fault
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

const READ_SETTINGS: Settings = {
  ...SETTINGS,
  // a key order comes from the index that has it; sorting a whole table for every chunk would never end
  enable_sort: 'off',
  synchronize_seqscans: 'off',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

/** What was answered must be there after a crash. */
const WRITE_SETTINGS: Settings = { ...SETTINGS, synchronous_commit: 'on' };

const APPLY_SETTINGS = `
  SELECT current_setting('server_version_num'), set_config(s.key, s.value, true)
  FROM json_each_text($1) AS s
  WHERE EXISTS (SELECT FROM pg_catalog.pg_settings AS known WHERE lower(known.name) = s.key)`;

export async function openSession(options: SessionOptions): Promise<Session> {
  const { clients, ctx, hold, write = false, timeoutMs = clients.timeoutMs } = options;
  const { where } = clients;
  const { client, release } = await clients.take(ctx);
  const close = () => release(true);
  let ventures = false;
  const breakOff = (error: Error) => {
    if (!(ventures && error instanceof Refusal)) close();
  };
  const guarded = guard({ ctx, timeoutMs, where, breakOff, ...(write && { explain: asWriteError }) });
  const rows = async (text: string, values: readonly unknown[] = []) => {
    // extended: one statement, whatever the text holds
    const query = { text, values: [...values], rowMode: 'array' as const, queryMode: 'extended' };
    return (await guarded(client.query<(string | null)[]>(query))).rows;
  };

  await guarded(client.query(begin(clients.timeoutMs, write, hold)));
  const applied = await rows(APPLY_SETTINGS, [JSON.stringify(write ? WRITE_SETTINGS : READ_SETTINGS)]);
  const serverVersion = Number(applied[0]?.[0]);
  if (serverVersion < OLDEST_SERVER) {
    close();
    throw new LonghaulError('database_error', `${where}: the server is older than PostgreSQL 12`);
  }
  return {
    serverVersion,
    rows,
    copy: (query) => startCopy(client, query, guarded),
    copyIn: (statement) => startCopyIn(client, statement, guarded),
    venture: async (work) => {
      await rows('SAVEPOINT venture');
      ventures = true;
      const refusal = await refusalOf(work).finally(() => (ventures = false));
      await guarded(client.query(refusal ? TAKE_BACK : 'RELEASE SAVEPOINT venture'));
      return refusal;
    },
    end: async () => {
      await rows('COMMIT');
      release(false);
    },
    close,
  };
}

const TAKE_BACK = 'ROLLBACK TO SAVEPOINT venture; RELEASE SAVEPOINT venture';

async function refusalOf(work: () => Promise<void>): Promise<Refusal | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The lock comes before the first SELECT: what the transaction sees is fixed there, and must not be older than the lock. */
function begin(timeoutMs: number, write: boolean, hold: TableName | undefined): string {
  const lockTimeout = Math.min(LONGEST_LOCK_WAIT_SECONDS * 1_000, Math.ceil(timeoutMs / 2));
  return [
    // a role or a server that is read-only by default stays so
    write ? 'BEGIN ISOLATION LEVEL READ COMMITTED' : 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    'SET LOCAL statement_timeout = 0',
    `SET LOCAL lock_timeout = ${lockTimeout}`,
    ...(hold === undefined ? [] : [`LOCK TABLE ONLY ${quoted(hold)} IN ACCESS SHARE MODE`]),
  ].join('; ');
}

function startCopy(client: ClientBase, query: string, guarded: Guarded): Copy {
  const copy = client.query(createCopyOut(`COPY (${query}) TO STDOUT (FORMAT csv)`));
  async function* rows(): AsyncGenerator<readonly RowBytes[]> {
    for (;;) {
      const some = await guarded(copy.next());
      if (some === null) return;
      yield some;
    }
  }
  return { rows: rows(), records: () => copy.records() };
}

function startCopyIn(client: ClientBase, statement: string, guarded: Guarded): CopyIn {
  const stream = client.query(copyFrom(statement));
  // It reports a refusal by the event alone: what was being written would wait for ever, and must not go on.
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => {});
  stream.on('error', () => {});
  const step = (begin: (done: (error?: Error | null) => void) => void) =>
    guarded(
      Promise.race([
        failed,
        new Promise<void>((resolve, reject) => begin((error) => (error ? reject(error) : resolve()))),
      ]),
    );
  return {
    write: (bytes) => step((done) => void stream.write(bytes, done)),
    end: async () => {
      await step((done) => void stream.end(done));
      return stream.rowCount;
    },
  };
}
