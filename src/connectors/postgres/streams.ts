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
}

/** Sorted by name. Throws `stream_unknown`, and `key_missing` for what cannot be read piece by piece. */
export async function findStreams(
  session: Session,
  meter: Meter,
  { schemas, names }: Finding,
): Promise<Stream[]> {
  const all = await listTables(session, schemas);
  const known = new Map(all.map((table) => [streamName(table), table]));
  const tables = await describeTables(session, names ? await pick(session, known, names) : all);
  // A materialized view without a key is no stream unless somebody names it.
  const readable = tables.filter((table) => names !== undefined || table.kind !== 'm' || table.key !== null);
  const streams: Stream[] = [];
  for (const table of readable) streams.push(await describe(session, meter, table));
  return streams.sort((a, b) => (a.name < b.name ? -1 : 1));
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
  return [...picked.values()];
}

async function unknown(session: Session, known: Named, given: string): Promise<LonghaulError> {
  const meant = tableName(given);
  if (meant !== null && (await isKeyless(session, meant)))
    return keyMissing(given, 'is a view or foreign table');
  const names = [...known.keys()];
  const near = nearest(given, names) ?? nearest(`public.${given}`, names);
  const hint = near === null ? {} : { hint: `Did you mean \`${near}\`?` };
  return new LonghaulError('stream_unknown', `there is no table ${given}`, hint);
}

async function describe(session: Session, meter: Meter, table: Table): Promise<Stream> {
  const name = streamName(table);
  refuseWithoutOrder(session, table, name);
  return {
    name,
    key: (table.key ?? []).map((column) => column.name),
    encoding: 'csv',
    schema: schemaOf(table),
    estimate: await estimate(session, meter, table),
  };
}

function refuseWithoutOrder({ serverVersion }: Session, table: Table, name: string): void {
  if (table.key !== null) return;
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

async function estimate(session: Session, meter: Meter, table: Table): Promise<number> {
  if (table.blocks <= COUNTED_BLOCKS) {
    meter.request();
    const [row] = await session.rows(`SELECT count(*) FROM ${from(table)}`);
    return Number(row?.[0]);
  }
  const [row] = await session.rows(`EXPLAIN (FORMAT JSON) SELECT FROM ${from(table)}`);
  const [{ Plan }] = JSON.parse(row![0]!) as [{ Plan: { 'Plan Rows': number } }];
  return Plan['Plan Rows'];
}
