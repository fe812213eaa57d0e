// What a chaos run plays on: a Longhaul with two workers, an API to read, APIs and databases to write to, all of them real.
import { startFakeApi } from '../test/support/fake-api.js';
import { startFakeTarget } from '../test/support/fake-target.js';
import { startLonghaul } from '../test/support/harness.js';
import { sql, startPostgres } from '../test/support/postgres.js';
import { someRecords } from '../test/support/records.js';

export interface Scale {
  /** Of the larger stream of the API; the other has half of them. */
  readonly records: number;
  /** Of the larger table; the other has half of them. */
  readonly rows: number;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

export const PAGE = 100;
/** In pages. */
export const CHECKPOINT = 4;
/** Targets take turns, so that one is only cleared when nobody can sleep any more who wrote to it. */
const TURNS = 4;

const TABLES = (rows: number): string => `
  CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, note text, at timestamptz, paid numeric(12,2));
  INSERT INTO people SELECT i, 'name, "' || i, CASE WHEN i % 7 > 0 THEN repeat('é', i % 90) END,
    timestamptz '2024-01-01' + i * interval '1 s', i / 3.0 FROM generate_series(1, ${rows}) i;
  CREATE TABLE plain (id bigint NOT NULL, person bigint REFERENCES people, note text);
  INSERT INTO plain SELECT i, i, repeat('p', 90) || i FROM generate_series(1, ${rows / 2}) i;
  ANALYZE;`;

export async function openStage({ records, rows }: Scale) {
  const held = { contacts: someRecords(records), orders: someRecords(records / 2) };
  const crm = await startFakeApi({ records: held, latencyMs: 20, token: 'of nobody' });
  const target = await startFakeTarget({ place: 'data' });
  const postgres = await startPostgres({ client_connection_check_interval: '100ms' });
  await sql(postgres.url, TABLES(rows));
  const databases: string[] = [];
  while (databases.length < TURNS) databases.push(await postgres.database());
  const longhaul = await startLonghaul({
    workers: 2,
    connections: {
      crm: crm.connection('json_link', { pageSize: PAGE, timeoutSeconds: 2, auth: oauth(crm.url) }),
      main: { type: 'postgres', url: postgres.url },
      ...Object.fromEntries(databases.map((url, turn) => [`database-${turn}`, { type: 'postgres', url }])),
      ...Object.fromEntries(databases.map((_, turn) => [`target-${turn}`, targetAt(target.url, turn)])),
    },
  });
  return {
    longhaul,
    crm,
    postgres,
    /** What the API holds, as raw JSON. */
    records: held,
    target,
    /** Empties the collections that a round writes to; answers the connection to them, and what they hold. */
    emptyTarget: (round: number) => {
      const turn = round % TURNS;
      for (const name of Object.keys(held)) target.clear(`${name}-${turn}`);
      return { connection: `target-${turn}`, texts: (name: string) => target.texts(`${name}-${turn}`) };
    },
    /** Empties the database that a round writes to. */
    emptyDatabase: async (round: number) => {
      const url = databases[round % TURNS]!;
      await sql(url, EMPTY);
      return { connection: `database-${round % TURNS}`, url };
    },
    close: () =>
      closeAll([() => longhaul.stop(), () => crm.close(), () => target.close(), () => postgres.close()]),
  };
}

const EMPTY = 'DROP SCHEMA IF EXISTS longhaul CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;';

const oauth = (url: string) =>
  ({
    type: 'oauth2_client_credentials',
    tokenUrl: `${url}/oauth/token`,
    clientId: 'client',
    clientSecret: 'secret',
  }) as const;

function targetAt(baseUrl: string, turn: number): object {
  const stream = (name: string) => ({
    path: `/${name}-${turn}`,
    key: ['id'],
    records: 'data',
    paginator: { type: 'single_page' },
    write: {
      method: 'POST',
      path: `/${name}-${turn}`,
      batch: { size: 50, records: 'data', answers: 'data' },
    },
  });
  const streams = { contacts: stream('contacts'), orders: stream('orders') };
  return { type: 'http', baseUrl, timeoutSeconds: 5, streams };
}

/** Each, whatever the one before it said; the first error is thrown when all are closed. */
async function closeAll(closes: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closes) await close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
