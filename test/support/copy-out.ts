// What a PostgreSQL server itself says a table holds: its own COPY, as CSV.
import { copyCsv } from './postgres.js';

/** The whole table with a header line, in the order of some columns. Both written as SQL. */
export async function copyOut(url: string, table: string, order: string): Promise<Buffer> {
  return Buffer.from(await copyCsv(url, `SELECT * FROM ${table} ORDER BY ${order}`, true));
}
