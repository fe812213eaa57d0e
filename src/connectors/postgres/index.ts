// A PostgreSQL connection: what the worker's registry holds of it.
import type { PostgresConnection } from '../../config/postgres.js';
import type { Context } from '../../core/connector.js';
import type { Connection } from '../../core/registry.js';
import { type Clients, createClients } from './clients.js';
import { openSession, type Session } from './session.js';
import { createPostgresSource } from './source.js';
import { createPostgresSink } from './target/sink.js';

/** Opens nothing yet. Sessions of all its sources together stay within `limits.concurrency`. */
export function createPostgresConnection(name: string, config: PostgresConnection): Connection {
  const { schemas } = config;
  const clients = createClients(name, config);
  return {
    name,
    type: 'postgres',
    limits: { ...config.limits },
    source: (options) => createPostgresSource({ clients, schemas }, options),
    sink: (options) => createPostgresSink({ clients, schemas }, options),
    check: (ctx) => check(clients, schemas, ctx),
  };
}

async function check(
  clients: Clients,
  schemas: PostgresConnection['schemas'],
  ctx: Context,
): Promise<string> {
  const session = await openSession({ clients, ctx });
  try {
    return await lookAround(session, schemas);
  } finally {
    session.close();
  }
}

const READABLE = `
  SELECT current_setting('server_version'), current_database(), count(*),
    count(*) FILTER (WHERE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND ($1::text[] IS NULL OR n.nspname = ANY ($1))`;

async function lookAround(session: Session, schemas: readonly string[] | undefined): Promise<string> {
  const [row] = await session.rows(READABLE, [schemas ?? null]);
  await session.end();
  const [version, database, tables, readable] = row ?? [];
  return `PostgreSQL ${version}, database ${database}, ${readable} of ${tables} tables readable`;
}
