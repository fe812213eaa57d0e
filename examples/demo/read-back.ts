// Reads what the demo wrote with readers that are not Longhaul's: rows out of PostgreSQL, rows out of Parquet files, and a
// digest of each that is the same where they hold the same.
import { createHash, type Hash } from 'node:crypto';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { Client } from 'pg';

export interface Digested {
  readonly records: number;
  readonly digest: string;
}

type Row = Readonly<Record<string, unknown>>;

const ROWS_AT_A_TIME = 10_000;

/** All rows of a table in the order of `id`. */
export async function digestOfTable(url: string, table: string): Promise<Digested> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await digest(rowsOfTable(client, table));
  } finally {
    await client.end();
  }
}

/** All rows of a file, in its order. */
export async function digestOfParquet(path: string): Promise<Digested> {
  return digest(rowsOfParquet(path));
}

async function digest(pages: AsyncIterable<readonly Row[]>): Promise<Digested> {
  const hash = createHash('sha256');
  let records = 0;
  for await (const rows of pages) {
    for (const row of rows) addRow(hash, row);
    records += rows.length;
  }
  return { records, digest: hash.digest('hex') };
}

/** Columns by name; one that is null everywhere else is not there at all in other stores. */
function addRow(hash: Hash, row: Row): void {
  const fields = Object.entries(row).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${textOf(value)}`],
  );
  hash.update(`${fields.toSorted().join('\u0001')}\n`);
}

function textOf(value: unknown): string {
  // Readers make doubles of decimals, each in its own way: the last digits are theirs.
  if (typeof value === 'number') return value.toPrecision(12);
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(sorted(value));
}

/** `jsonb` has an order of members of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

const NUMERIC = 1_700;
const BIGINT = 20;

async function* rowsOfTable(client: Client, table: string): AsyncGenerator<readonly Row[]> {
  for (let after = '-9223372036854775808'; ;) {
    const { rows, fields } = await client.query<Row>(
      `SELECT * FROM ${client.escapeIdentifier(table)} WHERE id > $1 ORDER BY id LIMIT ${ROWS_AT_A_TIME}`,
      [after],
    );
    const typed = (type: number) => fields.filter(({ dataTypeID }) => dataTypeID === type);
    const readers = [
      ...typed(NUMERIC).map(({ name }) => [name, decimalOf] as const),
      ...typed(BIGINT).map(({ name }) => [name, BigInt] as const),
    ];
    yield rows.map((row) => withNumbers(row, readers));
    if (rows.length < ROWS_AT_A_TIME) return;
    after = String(rows.at(-1)?.['id']);
  }
}

/** As the reader of Parquet makes a double of a decimal: any other way differs from it in the last bit. */
function decimalOf(text: string): number {
  const [whole = '', part = ''] = text.split('.');
  return Number(whole + part) * 10 ** -part.length;
}

type Reader = readonly [column: string, read: (text: string) => number | bigint];

/** The driver hands large numbers out as texts; `1.10` is the number 1.1, whichever way a store writes it. */
function withNumbers(row: Row, readers: readonly Reader[]): Row {
  const numbers = readers.flatMap(([name, read]) =>
    row[name] === null ? [] : [[name, read(row[name] as string)] as const],
  );
  return { ...row, ...Object.fromEntries(numbers) };
}

async function* rowsOfParquet(path: string): AsyncGenerator<readonly Row[]> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const total = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < total; rowStart += ROWS_AT_A_TIME) {
    const rowEnd = Math.min(rowStart + ROWS_AT_A_TIME, total);
    yield await parquetReadObjects({ file, metadata, rowStart, rowEnd });
  }
}
