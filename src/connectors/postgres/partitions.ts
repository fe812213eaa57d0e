// Divides a table into parts of about the same size, by looking at a sample of it.
import type { Meter, Partition, Stream } from '../../core/connector.js';
import { shapeOf, type Table, type TableKind } from './catalog.js';
import { from, isKeyed, type KeyedTable, keyList, type KeyTexts, useOperators } from './key.js';
import type { Session } from './session.js';

/** What `Partition.range` holds. `shape` tells whether the table still looks as it was planned. */
export type Range = { readonly kind: TableKind; readonly shape: string } & (
  | { readonly after: KeyTexts | null; readonly upto: KeyTexts | null }
  | { readonly from: number; readonly to: number | null }
);

// A part smaller than this is not worth a session and files of its own.
const FEWEST_ROWS = 10_000;
const FEWEST_BLOCKS = 256;
/** Parts differ in size by about a fifth at so many sampled blocks each. */
const SAMPLED_BLOCKS = 32;
const LONGEST_BOUNDARY = 3_000;

/** At most `want` partitions; fewer for a small table. */
export async function divide(
  session: Session,
  meter: Meter,
  table: Table,
  stream: Stream,
  want: number,
): Promise<Partition[]> {
  const worthwhile = Math.max((stream.estimate ?? 0) / FEWEST_ROWS, table.blocks / FEWEST_BLOCKS);
  const parts = Math.max(1, Math.min(want, Math.floor(worthwhile)));
  const ranges = isKeyed(table) ? await keyRanges(session, meter, table, parts) : blockRanges(table, parts);
  const estimate = stream.estimate === null ? null : Math.round(stream.estimate / ranges.length);
  return ranges.map((range, index) => ({ id: String(index), range, estimate }));
}

function blockRanges(table: Table, parts: number): Range[] {
  const look = { kind: table.kind, shape: shapeOf(table) };
  const start = (part: number) => Math.floor((part * table.blocks) / parts);
  return Array.from({ length: parts }, (_, part) => ({
    ...look,
    from: start(part),
    to: part === parts - 1 ? null : start(part + 1),
  }));
}

/** Half-open, the first one open below and the last one open above: no gap, no overlap, whatever is added meanwhile. */
async function keyRanges(session: Session, meter: Meter, table: KeyedTable, parts: number): Promise<Range[]> {
  const look = { kind: table.kind, shape: shapeOf(table) };
  if (parts > 1) meter.request();
  const boundaries = parts > 1 ? await findBoundaries(session, table, parts) : [];
  return [null, ...boundaries].map((after, index) => ({ ...look, after, upto: boundaries[index] ?? null }));
}

async function findBoundaries(session: Session, table: KeyedTable, parts: number): Promise<KeyTexts[]> {
  await useOperators(session, table);
  const order = keyList(table);
  const columns = table.key.map((_, place) => `k${place}`).join(', ');
  // A row ends a part where its share of the parts steps up to the next whole number.
  const rows = await session.rows(`
    SELECT ${columns} FROM (
      SELECT ${columns}, row_number() OVER (ORDER BY ${columns}) AS place, count(*) OVER () AS total
      FROM (SELECT ${order} FROM ${from(table)} ${sample(table, parts)}) AS sampled (${columns})
    ) AS placed
    WHERE place < total AND place * ${parts} / total > (place - 1) * ${parts} / total
    ORDER BY place`);
  return rows.filter(isComplete).filter((texts) => JSON.stringify(texts).length <= LONGEST_BOUNDARY);
}

function sample({ blocks }: Table, parts: number): string {
  const percent = (100 * SAMPLED_BLOCKS * parts) / Math.max(1, blocks);
  return percent >= 100 ? '' : `TABLESAMPLE SYSTEM (${percent}) REPEATABLE (0)`;
}

function isComplete(texts: (string | null)[]): texts is string[] {
  return !texts.includes(null);
}
