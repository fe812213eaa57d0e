// PostgreSQL → compressed files: a whole job, from the POST to its end, against the server's own COPY through a pipe.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { to } from 'pg-copy-streams';
import { withClient } from '../../test/support/with-client.js';
import { compare, type Took, type Way } from '../support/compare.js';
import { areThere, piped } from '../support/pipes.js';
import { backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import { fillTable, STREAM, TABLE } from '../support/table.js';
import type { Table } from '../support/tables.js';

const COPY = `COPY ${TABLE} TO STDOUT (FORMAT csv)`;
const PAGE = 1_000;

export async function postgres(scale: Scale): Promise<Table[]> {
  return onStage(scale, (stage) => compared(stage, scale));
}

async function compared(stage: Stage, scale: Scale): Promise<Table[]> {
  const { url } = stage.postgres;
  await fillTable(url, scale.rows);
  const file = join(stage.longhaul.folder, 'pipe');
  const pipe = (tool: string): Way => ({
    name: `psql COPY csv \\| ${tool}`,
    run: () => piped(`psql "$URL" -qc "${COPY}" | ${tool} > "${file}"`, { URL: url }),
  });
  const limit = async (tool: string): Promise<Way> =>
    (await areThere('psql', tool.split(' ')[0]!)) ? pipe(tool) : copyToNowhere(url);
  const naive: Way = { name: `rows of pg, pages of ${PAGE}, JSON, gzip`, run: () => naiveCopy(url, file) };

  return [
    await comparison(stage, scale, 'zstd', [await limit('zstd -3 -T1 -q')]),
    await comparison(stage, scale, 'gzip', [await limit('gzip -1'), naive]),
  ];
}

function comparison(
  stage: Stage,
  { rows, rounds }: Scale,
  compression: 'zstd' | 'gzip',
  [limit, ...others]: readonly [Way, ...Way[]],
): Promise<Table> {
  const job = (name: string, lanes?: number): Way => ({
    name,
    run: async () =>
      tookOf(await stage.run(backupOf('main', [STREAM], { compression, ...(lanes && { lanes }) }))),
  });
  return compare({
    title: `PostgreSQL → ${compression}`,
    records: rows,
    rounds,
    ways: [limit, job('Longhaul, a whole job'), job('Longhaul, 1 lane', 1), ...others],
  });
}

/** Where the tools of the pipe are missing: what the server can send at all. */
function copyToNowhere(url: string): Way {
  const run = () =>
    withClient(url, async (client) => {
      await pipeline(client.query(to(COPY)), nowhere());
    });
  return { name: 'COPY csv to nowhere (no psql here)', run: () => timed(run) };
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

/** As one writes it at first: a page of rows at a time, each made an object and then a text. */
async function naiveCopy(url: string, file: string): Promise<Took> {
  return timed(() =>
    withClient(url, (client) => pipeline(pages(client), createGzip(), createWriteStream(file))),
  );
}

async function* pages(client: Client): AsyncGenerator<string> {
  for (let after = 0; ;) {
    const query = `SELECT * FROM ${TABLE} WHERE id > $1 ORDER BY id LIMIT ${PAGE}`;
    const { rows } = await client.query<{ id: string }>(query, [after]);
    if (rows.length === 0) return;
    yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    after = Number(rows.at(-1)!.id);
  }
}

async function timed(work: () => Promise<unknown>): Promise<Took> {
  const start = performance.now();
  await work();
  return { ms: performance.now() - start };
}
