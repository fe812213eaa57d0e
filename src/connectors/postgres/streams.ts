// Tables as streams: which there are, what the archive keeps of their description, how many records to expect.
import type { Meter, Stream } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { nearest } from '../../core/nearest.js';
import { FIRST_SERVER_WITH_BLOCK_RANGES } from './blocks.js';
import { describeTables, isKeyless, listTables, type Table } from './catalog.js';
import { from } from './key.js';
import { streamName, type TableName, tableName } from './names.js';
import type { Session } from './session.js';

/** Up to this size a table is counted; above it the planner's guess is taken. */
const COUNTED_BLOCKS = 256;

export interface Finding {
  readonly schemas: readonly string[] | undefined;
  readonly names: readonly string[] | undefined;
  /** A stream's name: those up to it are left out. */
  readonly after: string;
}

/** The tables of the streams that are asked for, sorted by stream name. Throws `stream_unknown`. */
export async function chooseTables(
  session: Session,
  { schemas, names, after }: Finding,
): Promise<TableName[]> {
  const all = await listTables(session, schemas);
  const known = new Map(all.map((table) => [streamName(table), table]));
  const chosen = names === undefined ? known : await pick(session, known, names);
  const wanted = [...chosen].filter(([name]) => name > after);
  return wanted.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, table]) => table);
}

/** In the order of `names`; what was dropped meanwhile is left out. Throws `key_missing` for what cannot be read in pieces. */
export async function describeStreams(
  session: Session,
  meter: Meter,
  names: readonly TableName[],
): Promise<Stream[]> {
  const tables = new Map((await describeTables(session, names)).map((table) => [streamName(table), table]));
  const found = names.flatMap((name) => tables.get(streamName(name)) ?? []);
  for (const table of found) refuseWithoutOrder(session, table);
  const estimates = await estimate(session, meter, found);
  return found.map((table, place) => ({
    name: streamName(table),
    key: (table.key ?? []).map((column) => column.name),
    encoding: 'csv',
    schema: schemaOf(table),
    estimate: estimates[place] ?? null,
  }));
}

type Named = ReadonlyMap<string, TableName>;

async function pick(session: Session, known: Named, names: readonly string[]) {
  const picked = new Map<string, TableName>();
  for (const given of names) {
    const meant = tableName(given);
    const name = meant === null ? given : streamName(meant);
    const table = known.get(name);
    if (table === undefined) throw await unknown(session, known, given);
    picked.set(name, table);
  }
  return picked;
}

async function unknown(session: Session, known: Named, given: string): Promise<LonghaulError> {
  const meant = tableName(given);
  if (meant !== null && (await isKeyless(session, meant)))
    return keyMissing(given, 'is a view or foreign table, or a materialized view without a unique index');
  const names = [...known.keys()];
  const near = nearest(given, names) ?? nearest(`public.${given}`, names);
  const hint = near === null ? {} : { hint: `Did you mean \`${near}\`?` };
  return new LonghaulError('stream_unknown', `there is no table ${given}`, hint);
}

function refuseWithoutOrder({ serverVersion }: Session, table: Table): void {
  if (table.key !== null) return;
  const name = streamName(table);
  if (table.kind !== 'r')
    throw keyMissing(name, 'has neither primary key nor unique index over NOT NULL columns');
  if (serverVersion < FIRST_SERVER_WITH_BLOCK_RANGES) {
    throw keyMissing(name, 'has no key, and only PostgreSQL 14 or later can be read without one');
  }
}

function keyMissing(name: string, why: string): LonghaulError {
  return new LonghaulError('key_missing', `${name} ${why}`);
}

/** What a restore needs to make the table again: everything but the order of the key and the size. */
function schemaOf({ key, blocks, ...table }: Table): Json {
  void key;
  void blocks;
  return table as unknown as Json;
}

/** One number a table, in order. */
async function estimate(session: Session, meter: Meter, tables: readonly Table[]): Promise<number[]> {
  const small = tables.filter(isCounted);
  const counts = await count(session, meter, small);
  const estimates: number[] = [];
  for (const table of tables) {
    estimates.push(isCounted(table) ? counts[small.indexOf(table)]! : await guess(session, table));
  }
  return estimates;
}

const isCounted = ({ blocks }: Table): boolean => blocks <= COUNTED_BLOCKS;

/** All in one query: a database may have thousands of small tables. */
async function count(session: Session, meter: Meter, tables: readonly Table[]): Promise<number[]> {
  if (tables.length === 0) return [];
  meter.request();
  const counts = tables.map((table) => `(SELECT count(*) FROM ${from(table)})`);
  const [row] = await session.rows(`SELECT ${counts.join(', ')}`);
  return row!.map(Number);
}

/** The planner's: it takes the last ANALYZE and what the table has grown since. */
async function guess(session: Session, table: Table): Promise<number> {
  const [row] = await session.rows(`EXPLAIN (FORMAT JSON) SELECT FROM ${from(table)}`);
  const [{ Plan }] = JSON.parse(row![0]!) as [{ Plan: { 'Plan Rows': number } }];
  return Plan['Plan Rows'];
}
