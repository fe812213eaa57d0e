// What a PostgreSQL server itself says a table holds: its own COPY, as CSV.
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { Client } from 'pg';
import { to } from 'pg-copy-streams';

/** The whole table with a header line, in the order of some columns. Both written as SQL. */
export async function copyOut(url: string, table: string, order: string): Promise<Buffer> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET timezone = 'UTC'");
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    const query = `COPY (SELECT * FROM ${table} ORDER BY ${order}) TO STDOUT (FORMAT csv, HEADER)`;
    await pipeline(client.query(to(query)), sink);
    return Buffer.concat(chunks);
  } finally {
    await client.end();
  }
}
