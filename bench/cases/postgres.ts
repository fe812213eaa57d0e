// PostgreSQL → compressed files: a whole job, from the POST to its end, against the server's own COPY through a pipe.
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to } from 'pg-copy-streams';
import { withClient } from '../../test/support/with-client.js';
import { linesInto, naive, PAGE } from '../naive/way.js';
import { compare, type Took, type Way } from '../support/compare.js';
import { areThere, piped } from '../support/pipes.js';
import { backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import { fillTable, rowsAfter, STREAM, TABLE } from '../support/table.js';
import type { Table } from '../support/tables.js';

const COPY = `COPY ${TABLE} TO STDOUT (FORMAT csv)`;

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
  const byPage = naive({
    address: stage.longhaul.temporal,
    records: scale.rows,
    read: (after) => rowsAfter(url, after, PAGE),
    write: linesInto(`${file}.jsonl.gz`),
  });

  return [
    await comparison(stage, scale, 'zstd', [await limit('zstd -3 -T1 -q')]),
    await comparison(stage, scale, 'gzip', [await limit('gzip -1'), byPage]),
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

async function timed(work: () => Promise<unknown>): Promise<Took> {
  const start = performance.now();
  await work();
  return { ms: performance.now() - start };
}
