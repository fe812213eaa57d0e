// Connections to one server: made when needed, used again while they are fresh, never more than the limit.
import { Client, Pool, type PoolClient } from 'pg';
import type { PostgresConnection } from '../../config/postgres.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { guard } from './guard.js';
import { SlabSocket } from './slab-socket.js';
import { createSlots } from './slots.js';

/** A client of one's own for a while. */
export interface Lease {
  readonly client: PoolClient;
  /** Gives it back, to be used again or, where it is `broken` or busy, to be closed at once. Harmless when repeated. */
  readonly release: (broken: boolean) => void;
}

export interface Clients {
  /** Begins the messages of errors. */
  readonly where: string;
  /** Longest silence of the server. */
  readonly timeoutMs: number;
  /** Waits while all are taken; throws `Stopped` if told to. */
  take(ctx: Context): Promise<Lease>;
}

const DEFAULT_TIMEOUT_SECONDS = 60;
const IDLE_MS = 5_000;

/** Connects to nothing yet. Idle connections close by themselves, and do not keep the process alive. */
export function createClients(connection: string, config: PostgresConnection): Clients {
  const where = `connection ${connection}`;
  const timeoutMs = 1_000 * (config.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
  const slots = createSlots(config.limits?.concurrency);
  let pool: Pool | undefined;

  async function connect(ctx: Context): Promise<PoolClient> {
    pool ??= createPool(where, config.url, timeoutMs);
    const connecting = pool.connect();
    // When nobody waits for it any more, a connection that is made after all must not stay.
    const breakOff = () => void connecting.then((client) => client.release(true)).catch(() => {});
    return guard({ ctx, timeoutMs, where, breakOff })(connecting);
  }

  return {
    where,
    timeoutMs,
    async take(ctx) {
      const giveBack = await slots.acquire(ctx);
      try {
        return lease(await connect(ctx), giveBack);
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

function lease(client: PoolClient, giveBack: () => void): Lease {
  let held = true;
  return {
    client,
    release: (broken) => {
      if (!held) return;
      held = false;
      client.release(broken);
      giveBack();
    },
  };
}

function createPool(where: string, url: string, timeoutMs: number): Pool {
  const options = {
    stream: () => new SlabSocket(),
    connectionString: url,
    max: Number.MAX_SAFE_INTEGER, // slots decide
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
    connectionTimeoutMillis: timeoutMs + 1_000, // behind the guard's, to clean up after it
    keepAlive: true,
    application_name: 'longhaul',
    client_encoding: 'UTF8',
    types: { getTypeParser: () => String },
  };
  refuseBadUrl(where, options);
  const pool = new Pool(options);
  // A broken connection reaches us through the query that runs on it; an idle one is nobody's loss.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}

function refuseBadUrl(where: string, options: ConstructorParameters<typeof Client>[0]): void {
  try {
    void new Client(options);
  } catch {
    // The parser's own error repeats the URL, password included.
    throw new LonghaulError('config_invalid', `${where}: \`url\` is no PostgreSQL URL`, {
      hint: 'Write postgres://user:password@host:port/database, with %-escapes for special letters in the password.',
    });
  }
}
