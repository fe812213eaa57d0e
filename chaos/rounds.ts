// The jobs of a run: rounds of every kind of job over the API and over the database, each result held against its source
// byte for byte by readers that share no code with what wrote it.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Job } from '../src/core/job.js';
import type { JobSpec } from '../src/core/spec.js';
import { readArchive, recordsIn } from '../test/support/archive-reader.js';
import { copyOut } from '../test/support/copy-out.js';
import { firstDifference } from '../test/support/difference.js';
import { csvFields, readExportFolder } from '../test/support/export-reader.js';
import { until } from '../test/support/until.js';
import { treeOf } from '../test/support/file-tree.js';
import type { RunJob, Tally } from './jobs.js';
import { countRepeats, type Struck } from './repeats.js';
import * as specs from './specs.js';
import type { Shelf } from './specs.js';
import { CHECKPOINT, type Stage } from './stage.js';

export interface Rounds {
  readonly stage: Stage;
  readonly run: RunJob;
  readonly tally: Tally;
  /** Faults so far. */
  readonly struck: readonly Struck[];
}

export type Round = (rounds: Rounds, round: number) => Promise<void>;

/** The verify comes last, so that it sees what a worker may have left that woke up late. */
export const roundOfApi: Round = async (rounds, round) => {
  const { stage, run } = rounds;
  const shelf = specs.diskOf(stage);
  const lanes = 1 + (round % 2);
  const options = specs.optionsWith(lanes);
  stage.crm.forget();
  const backup = await counted(rounds, { ...specs.backupOf('crm', shelf), options });
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${backup.id}, ${name}`, await recordsIn(specs.folderOf(shelf, backup), name), records);
  const compared = await counted(rounds, specs.compareOf(backup, 'crm', lanes));
  const { connection, texts } = stage.emptyTarget(round);
  const restore = await run(specs.restoreOf(backup, connection));
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${restore.id}, ${name}`, texts(name).toSorted(), records.toSorted());
  const sides = { source: { connection: 'crm' }, sink: { connection: shelf.connection } };
  const exported = await counted(rounds, {
    kind: 'export',
    ...sides,
    options: { ...options, format: 'jsonl' },
  });
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${exported.id}, ${name}`, await linesOf(shelf, exported, name), records);
  await run(specs.verifyOf(backup));
  await clear(shelf, { written: [backup, exported], all: [backup, compared, restore, exported] });
};

export const roundOfDatabase: Round = async ({ stage, run }, round) => {
  const { url } = stage.postgres;
  const shelf = specs.vaultOf(stage);
  const lanes = 1 + (round % 3);
  const backup = await run({
    ...specs.backupOf('main', shelf),
    options: { lanes, pageSize: 500, checkpoint: { seconds: 1 } },
  });
  for (const name of TABLES)
    expectSame(`${backup.id}, ${name}`, await csvOf(shelf, backup, name), await told(url, name));
  const compared = await run(specs.compareOf(backup, 'main', lanes));
  const into = await patiently('an empty database', () => stage.emptyDatabase(round));
  const restore = await run(specs.restoreOf(backup, into.connection, { create: true }));
  for (const name of TABLES)
    expectSame(`${restore.id}, ${name}`, await told(into.url, name), await told(url, name));
  const exported = await run({
    kind: 'export',
    source: specs.archiveOf(backup),
    sink: { connection: shelf.connection },
    options: { lanes, format: 'csv' },
  });
  for (const name of TABLES)
    expectSame(
      `${exported.id}, ${name}`,
      fieldsOf(await linesOf(shelf, exported, name)),
      fieldsOf(await told(url, name)),
    );
  await run(specs.verifyOf(backup));
  await clear(shelf, { written: [backup, exported], all: [backup, compared, restore, exported] });
};

/** What comes back is what was there, modes and times included. */
export const roundOfObjects: Round = async ({ stage, run }, round) => {
  const shelf = specs.bucketOf(stage);
  const options = { lanes: 1 + (round % 2), checkpoint: { bytes: 262_144 } };
  const backup = await run({ ...specs.backupOf('photos', shelf), options });
  const { connection, tree } = await stage.emptyCopy(round);
  const restore = await run(specs.restoreOf(backup, connection));
  expectSame(restore.id, await treeOf(tree), await treeOf(stage.tree));
  await run(specs.verifyOf(backup));
  await clear(shelf, { written: [backup], all: [backup, restore] });
};

const TABLES = ['people', 'plain'];

/** A job that reads the API. */
async function counted({ stage, run, tally, struck }: Rounds, spec: JobSpec): Promise<Job> {
  // A comparison has no option for its checkpoints.
  const repeats = countRepeats(stage.crm, spec.kind === 'verify' ? Infinity : CHECKPOINT);
  const retried = tally.retried;
  const job = await run(spec);
  const { pages, repeated } = repeats.end(struck, tally.retried - retried);
  tally.pages += pages;
  tally.repeated += repeated;
  return job;
}

/** What the server says of a table, in the order of its ids. It may be on its way back. */
function told(url: string, table: string): Promise<string[]> {
  return patiently(`PostgreSQL tells of ${table}`, async () => lines(await copyOut(url, table, 'id')));
}

async function patiently<T>(what: string, ask: () => Promise<T>): Promise<T> {
  return until(what, () => ask().catch(() => undefined), { everyMs: 250 });
}

/** With one header line, which begins each segment of the archive. */
async function csvOf(shelf: Shelf, job: Job, name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const segment of (await readArchive(specs.folderOf(shelf, job))).contents(name))
    found.push(...lines(segment).slice(found.length === 0 ? 0 : 1));
  return found;
}

async function linesOf(shelf: Shelf, job: Job, name: string): Promise<string[]> {
  const { bytesOf } = await readExportFolder(specs.folderOf(shelf, job));
  return lines(Buffer.concat(await bytesOf(name)));
}

const fieldsOf = (csv: readonly string[]): string[] =>
  csvFields(`${csv.join('\n')}\n`).map((fields) => JSON.stringify(fields));

const lines = (bytes: Buffer): string[] => bytes.toString('utf8').trimEnd().split('\n');

function expectSame(what: string, kept: readonly string[], held: readonly string[]): void {
  const difference = firstDifference(kept, held);
  if (difference) throw new Error(`${what}: ${JSON.stringify(difference)}`);
}

/** A long run would fill the disk. What lies in a bucket are files as well. */
async function clear(
  shelf: Shelf,
  { written, all }: { written: readonly Job[]; all: readonly Job[] },
): Promise<void> {
  const folders = all.map(({ id }) => path.join(shelf.folder, '.jobs', id));
  for (const folder of [...folders, ...written.map((job) => specs.folderOf(shelf, job))])
    await rm(folder, { recursive: true, force: true });
}
