// What a job costs beside the moving of data: until its first page, after its last, with nothing to move, for each stream.
import { sql } from '../../test/support/postgres.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { median, millis, type Table } from '../support/tables.js';

const SMALL_TABLES = 100;

export async function overheads(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => {
    const names = await makeSmallTables(stage.postgres.url);
    const begin: number[] = [];
    const end: number[] = [];
    const empty: number[] = [];
    const table: number[] = [];
    for (let round = 0; round < scale.rounds; round++) {
      const { asked, answered } = await firstAndLast(stage);
      begin.push(asked);
      end.push(answered);
      empty.push((await stage.run(backupOf('cursor', ['empty']))).ms);
      table.push((await stage.run(backupOf('main', names))).ms / SMALL_TABLES);
    }
    return [tableOf({ begin, end, empty, table })];
  });
}

/** ms from the POST to the first request at the source, and from the last answer to the job's end. */
async function firstAndLast({ run, pages }: Stage): Promise<{ asked: number; answered: number }> {
  await pages.times();
  const start = Date.now();
  const { job } = await run(backupOf('cursor', ['tenth']));
  const { first, last } = await pages.times();
  return { asked: first - start, answered: Date.parse(job.endedAt!) - last };
}

/** Answers their stream names. */
async function makeSmallTables(url: string): Promise<string[]> {
  const names = Array.from({ length: SMALL_TABLES }, (_, n) => `small_${n}`);
  const statements = names.map(
    (name) => `CREATE TABLE ${name} AS SELECT 1 AS id; ALTER TABLE ${name} ADD PRIMARY KEY (id)`,
  );
  await sql(url, statements.join(';'));
  return names.map((name) => `public.${name}`);
}

function row(name: string, samples: readonly number[]): string[] {
  return [name, millis(median(samples)), millis(Math.max(...samples))];
}

function tableOf(figures: Readonly<Record<'begin' | 'end' | 'empty' | 'table', readonly number[]>>): Table {
  return {
    title: 'What a job costs beside its data',
    columns: ['from … to', 'median', 'longest'],
    rows: [
      row('POST → first request at the source', figures.begin),
      row('last answer of the source → completed', figures.end),
      row('POST → completed, nothing to copy', figures.empty),
      row(`each of ${SMALL_TABLES} tables of one row`, figures.table),
    ],
  };
}
