// What a chaos run plays on: a Longhaul with two workers, an API, a database and a folder of objects to read, others to write
// to, a disk and a bucket to keep archives, all of them real.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../src/dev/ports.js';
import { startFakeApi } from '../test/support/fake-api.js';
import { startFakeTarget } from '../test/support/fake-target.js';
import { writeFiles } from '../test/support/file-tree.js';
import { startLonghaul } from '../test/support/harness.js';
import { sql, startPostgres } from '../test/support/postgres.js';
import { someRecords } from '../test/support/records.js';
import { startS3 } from '../test/support/s3.js';
import { startS3Proxy } from '../test/support/s3-proxy.js';
import { createClocks } from './clocks.js';
import { mountDisk } from './disk.js';
import { startNetwork } from './network.js';

export interface Scale {
  /** Of the larger stream of the API; the other has half of them. */
  readonly records: number;
  /** Of the larger table; the other has half of them. */
  readonly rows: number;
  /** Of the folder, some KiB each; there is always a large one. */
  readonly objects: number;
}

/** What not every machine has. */
export interface Extras {
  readonly disk: boolean;
  readonly bucket: boolean;
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

export async function openStage({ records, rows, objects }: Scale, extras: Extras) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chaos-'));
  const held = { contacts: someRecords(records), orders: someRecords(records / 2) };
  const crm = await startFakeApi({ records: held, latencyMs: 20, token: 'of nobody' });
  const target = await startFakeTarget({ place: 'data' });
  const postgres = await startPostgres({ client_connection_check_interval: '100ms' });
  await sql(postgres.url, TABLES(rows));
  const databases: string[] = [];
  while (databases.length < TURNS) databases.push(await postgres.database());
  const tree = path.join(folder, 'tree');
  await writeFiles(tree, someObjects(objects));
  const disk = extras.disk ? await mountDisk() : null;
  const bucket = extras.bucket ? await openBucket() : null;
  const temporalPort = await freePort('127.0.0.1');
  const network = await startNetwork(temporalPort);
  const clocks = createClocks(await made(path.join(folder, 'clocks')), network.address);
  const copies = await Promise.all(turns((turn) => made(path.join(folder, `copy-${turn}`))));
  const longhaul = await startLonghaul({
    workers: 2,
    temporalPort,
    env: clocks.env,
    connections: {
      crm: crm.connection('json_link', { pageSize: PAGE, timeoutSeconds: 2, auth: oauth(crm.url) }),
      main: { type: 'postgres', url: postgres.url },
      photos: { type: 'file', path: folder, streams: { tree: {} } },
      ...named('database', (turn) => ({ type: 'postgres', url: databases[turn] })),
      ...named('target', (turn) => targetAt(target.url, turn)),
      ...named('copy', (turn) => ({ type: 'file', path: copies[turn], streams: { tree: {} } })),
      ...(disk && { disk: { type: 'file', path: disk.folder } }),
      ...(bucket && { bucket: bucket.connection }),
    },
  });
  return {
    longhaul,
    crm,
    postgres,
    network,
    clocks,
    /** Null where this machine has none. */
    disk,
    bucket,
    /** What the API holds, as raw JSON. */
    records: held,
    target,
    /** The folder of objects. */
    tree,
    /** Empties the collections that a round writes to; answers the connection to them, and what they hold. */
    emptyTarget: (round: number) => {
      const turn = round % TURNS;
      target.forget();
      for (const name of Object.keys(held)) target.clear(`${name}-${turn}`);
      return { connection: `target-${turn}`, texts: (name: string) => target.texts(`${name}-${turn}`) };
    },
    /** Empties the database that a round writes to. */
    emptyDatabase: async (round: number) => {
      const url = databases[round % TURNS]!;
      await sql(url, EMPTY);
      return { connection: `database-${round % TURNS}`, url };
    },
    /** Empties the folder that a round writes objects to. */
    emptyCopy: async (round: number) => {
      bucket?.proxy.forget();
      const tree = path.join(copies[round % TURNS]!, 'tree');
      await rm(tree, { recursive: true, force: true });
      return { connection: `copy-${round % TURNS}`, tree };
    },
    close: () =>
      closeAll([
        () => longhaul.stop(),
        () => network.close(),
        () => crm.close(),
        () => target.close(),
        () => postgres.close(),
        async () => disk?.close(),
        async () => bucket?.close(),
        () => rm(folder, { recursive: true }),
      ]),
  };
}

const turns = <T>(of: (turn: number) => T): T[] => Array.from({ length: TURNS }, (_, turn) => of(turn));

const named = (name: string, of: (turn: number) => object): Record<string, object> =>
  Object.fromEntries(turns((turn) => [`${name}-${turn}`, of(turn)]));

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}

/** An S3 server, and the way to it that fails on demand. */
async function openBucket() {
  const server = await startS3();
  const proxy = await startS3Proxy(server.endpoint);
  return {
    server,
    proxy,
    connection: server.connection({ endpoint: proxy.endpoint, timeoutSeconds: 5 }),
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

/** One of them is larger than a piece of 16 MiB. */
function someObjects(count: number): Record<string, Buffer> {
  const small = Array.from({ length: count }, (_, i): [string, Buffer] => [
    `${i % 7}/object ${i}`,
    Buffer.alloc(1_000 + 37 * (i % 300), `${i} `),
  ]);
  return { ...Object.fromEntries(small), large: Buffer.alloc(20_000_000, 'large ') };
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
