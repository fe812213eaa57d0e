// Archive → PostgreSQL, into an empty table with a primary key, against the server's own COPY from a pipe.
import { join } from 'node:path';
import { sql } from '../../test/support/postgres.js';
import { withClient } from '../../test/support/with-client.js';
import { naive, PAGE } from '../naive/way.js';
import { compare, type Way } from '../support/compare.js';
import { areThere, piped } from '../support/pipes.js';
import { archivedBy, backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import { fillTable, rowsAfter, STREAM, TABLE } from '../support/table.js';
import type { Table } from '../support/tables.js';

export async function restore(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => [await compared(stage, scale)]);
}

async function compared(stage: Stage, { rows, rounds }: Scale): Promise<Table> {
  const { postgres, target, longhaul } = stage;
  await fillTable(postgres.url, rows);
  await fillTable(target, 1);
  const archive = archivedBy(await stage.keep(backupOf('main', [STREAM], { compression: 'gzip' })));
  const file = join(longhaul.folder, 'pipe.gz');
  if (await areThere('psql', 'gzip')) {
    await piped(`psql "$URL" -qc "COPY ${TABLE} TO STDOUT (FORMAT csv)" | gzip -1 > "${file}"`, {
      URL: postgres.url,
    });
  }
  const emptied = (way: Way): Way => ({
    ...way,
    run: async () => {
      await sql(target, `TRUNCATE ${TABLE}; CHECKPOINT`);
      return way.run();
    },
  });
  const job = (name: string, lanes?: number): Way => ({
    name,
    run: async () => {
      const options = lanes ? { lanes } : {};
      const sink = { connection: 'target', mode: 'insert' as const };
      const ran = await stage.run({
        kind: 'restore',
        source: archive,
        sink,
        options,
      });
      return tookOf(ran);
    },
  });
  const pipe = `zcat "${file}" | psql "$URL" -qc "COPY ${TABLE} FROM STDIN (FORMAT csv)"`;
  const ways = [
    { name: 'zcat \\| psql COPY csv', run: () => piped(pipe, { URL: target }) },
    job('Longhaul, a whole job'),
    job('Longhaul, 1 lane', 1),
    naive({
      address: longhaul.temporal,
      records: rows,
      read: (after) => rowsAfter(postgres.url, after, PAGE),
      write: (records) => insert(target, records),
    }),
  ];
  return compare({ title: 'Archive → PostgreSQL', records: rows, rounds, ways: ways.map(emptied) });
}

/** The fastest of the simple ways: as one text that the server makes rows of. */
async function insert(url: string, records: readonly unknown[]): Promise<void> {
  const text = `INSERT INTO ${TABLE} SELECT * FROM json_populate_recordset(NULL::${TABLE}, $1)`;
  await withClient(url, (client) => client.query(text, [JSON.stringify(records)]));
}
