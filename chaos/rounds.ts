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
import type { RunJob, Tally } from './jobs.js';
import { countRepeats, type Struck } from './repeats.js';
import { CHECKPOINT, type Stage } from './stage.js';

export interface Rounds {
  readonly stage: Stage;
  readonly run: RunJob;
  readonly tally: Tally;
  /** Faults so far. */
  readonly struck: readonly Struck[];
}

/** The verify comes last, so that it sees what a worker may have left that woke up late. */
export async function roundOfApi(rounds: Rounds, round: number): Promise<void> {
  const { stage, run } = rounds;
  const lanes = 1 + (round % 2);
  const backup = await counted(rounds, { ...backupOf('crm'), options: optionsWith(lanes) });
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${backup.id}, ${name}`, await recordsIn(stage.longhaul.archiveOf(backup), name), records);
  const compared = await counted(rounds, compareOf(backup, 'crm', lanes));
  const { connection, texts } = stage.emptyTarget(round);
  const restore = await run(restoreOf(backup, connection, {}));
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${restore.id}, ${name}`, texts(name).toSorted(), records.toSorted());
  const source = { connection: 'crm' };
  const options = { ...optionsWith(lanes), format: 'jsonl' } as const;
  const exported = await counted(rounds, { kind: 'export', source, sink: VAULT, options });
  for (const [name, records] of Object.entries(stage.records))
    expectSame(`${exported.id}, ${name}`, await linesOf(stage, exported, name), records);
  await run(verifyOf(backup));
  await clear(stage, { written: [backup, exported], all: [backup, compared, restore, exported] });
}

export async function roundOfDatabase({ stage, run }: Rounds, round: number): Promise<void> {
  const { url } = stage.postgres;
  const lanes = 1 + (round % 3);
  const backup = await run({
    ...backupOf('main'),
    options: { lanes, pageSize: 500, checkpoint: { seconds: 1 } },
  });
  for (const name of TABLES)
    expectSame(`${backup.id}, ${name}`, await csvOf(stage, backup, name), await told(url, name));
  const compared = await run(compareOf(backup, 'main', lanes));
  const into = await patiently('an empty database', () => stage.emptyDatabase(round));
  const restore = await run(restoreOf(backup, into.connection, { create: true }));
  for (const name of TABLES)
    expectSame(`${restore.id}, ${name}`, await told(into.url, name), await told(url, name));
  const source = { connection: 'vault', archive: placeOf(backup) };
  const exported = await run({ kind: 'export', source, sink: VAULT, options: { lanes, format: 'csv' } });
  for (const name of TABLES)
    expectSame(
      `${exported.id}, ${name}`,
      fieldsOf(await linesOf(stage, exported, name)),
      fieldsOf(await told(url, name)),
    );
  await run(verifyOf(backup));
  await clear(stage, { written: [backup, exported], all: [backup, compared, restore, exported] });
}

const VAULT = { connection: 'vault' };
const TABLES = ['people', 'plain'];

const optionsWith = (lanes: number) => ({ lanes, checkpoint: { pages: CHECKPOINT } });
const placeOf = ({ archive }: Job): string => archive!.replace(/^vault\//, '');
const backupOf = (connection: string) => ({ kind: 'backup', source: { connection }, sink: VAULT }) as const;
const archiveOf = (job: Job) => ({ connection: 'vault', archive: placeOf(job) });
const verifyOf = (backup: Job): JobSpec => ({ kind: 'verify', source: archiveOf(backup) });
const compareOf = (backup: Job, connection: string, lanes: number): JobSpec => ({
  kind: 'verify',
  source: archiveOf(backup),
  options: { lanes, against: { connection } },
});
const restoreOf = (backup: Job, connection: string, sink: { create?: boolean }): JobSpec => ({
  kind: 'restore',
  source: archiveOf(backup),
  sink: { connection, ...sink },
});

/** A job that reads the API. */
async function counted({ stage, run, tally, struck }: Rounds, spec: JobSpec): Promise<Job> {
  const repeats = countRepeats(stage.crm);
  const job = await run(spec);
  const { pages, repeated } = repeats.end(struck);
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
async function csvOf({ longhaul }: Stage, job: Job, name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const segment of (await readArchive(longhaul.archiveOf(job))).contents(name))
    found.push(...lines(segment).slice(found.length === 0 ? 0 : 1));
  return found;
}

async function linesOf({ longhaul }: Stage, job: Job, name: string): Promise<string[]> {
  const { bytesOf } = await readExportFolder(longhaul.archiveOf(job));
  return lines(Buffer.concat(await bytesOf(name)));
}

const fieldsOf = (csv: readonly string[]): string[] =>
  csvFields(`${csv.join('\n')}\n`).map((fields) => JSON.stringify(fields));

const lines = (bytes: Buffer): string[] => bytes.toString('utf8').trimEnd().split('\n');

function expectSame(what: string, kept: readonly string[], held: readonly string[]): void {
  const difference = firstDifference(kept, held);
  if (difference) throw new Error(`${what}: ${JSON.stringify(difference)}`);
}

/** A long run would fill the disk. */
async function clear(
  { longhaul }: Stage,
  { written, all }: { written: readonly Job[]; all: readonly Job[] },
): Promise<void> {
  const folders = all.map(({ id }) => path.join(longhaul.vault, '.jobs', id));
  for (const folder of [...folders, ...written.map((job) => longhaul.archiveOf(job))])
    await rm(folder, { recursive: true, force: true });
}
