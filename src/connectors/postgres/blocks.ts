// Reads a table that has no key in the order of its blocks on the server's disk: a COPY a page. Weaker than a key:
// a row that is updated between two chunks moves, and can come twice or not at all.
import type { Meter, Page } from '../../core/connector.js';
import type { Table } from './catalog.js';
import { lengthOf } from '../../records/chunks.js';
import { headerLine } from '../../records/csv.js';
import { columnList, from } from './key.js';
import { type CutPage, cutPages, type PageSize } from './pages.js';
import type { Session } from './session.js';

/** Blocks from `from` on, up to but without `to`; null: to the end of the table, however long it is by then. */
export interface BlockSpan {
  readonly from: number;
  readonly to: number | null;
}

/** A cursor holds the first block that was not read. */
export type BlockCursor = { readonly block: number };

/** Of PostgreSQL 14: it finds a range of blocks without reading those before it. */
export const FIRST_SERVER_WITH_BLOCK_RANGES = 140_000;

const MOST_BLOCKS_A_PAGE = 1_024;

export async function* readByBlock(
  session: Session,
  meter: Meter,
  table: Table,
  span: BlockSpan,
  size: PageSize,
): AsyncGenerator<Page> {
  const header = headerLine(table.columns.map(({ name }) => name));
  const end = span.to ?? table.blocks;
  let block = span.from;
  let step = 1; // a block can stand for hundreds of large values, so it is felt out how many make a page
  do {
    const upto = Math.min(block + step, end);
    meter.request();
    const page = await readBlocks(session, table, block, upto);
    step = nextStep(step, page, size);
    block = upto;
    const payload = { format: 'csv', header, chunks: page.chunks } as const;
    const { records, release } = page;
    yield { payload, records, next: block < end ? ({ block } satisfies BlockCursor) : null, release };
  } while (block < end);
  await session.end();
}

async function readBlocks(session: Session, table: Table, start: number, end: number): Promise<CutPage> {
  const range = `ctid >= '(${start},0)'::tid AND ctid < '(${end},0)'::tid`;
  const copy = session.copy(`SELECT ${columnList(table)} FROM ${from(table)} WHERE ${range}`);
  const { value } = await cutPages(copy, { bytes: Infinity }).next();
  return value as CutPage;
}

function nextStep(step: number, page: CutPage, size: PageSize): number {
  const bytes = lengthOf(page.chunks);
  const share = 'records' in size ? size.records / page.records : size.bytes / bytes;
  return Math.max(1, Math.min(Math.floor(step * share), step * 2, MOST_BLOCKS_A_PAGE));
}
