// Cost against size: ten times as many records may cost ten times as much, and no more. An API makes them as they are asked for.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { end } from '../../test/support/processes.js';
import { jobHistory } from '../../test/support/job-history.js';
import { peakMemory } from '../../test/support/memory.js';
import { archivedBy, backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { kilobytes, megabytes, seconds, thousands, type Table } from '../support/tables.js';

const SMALLEST = 100_000;

export async function growth({ growth: largest }: Scale): Promise<Table[]> {
  const rows: string[][] = [];
  for (let size = SMALLEST; size <= largest; size *= 10) {
    rows.push(await onStage({ rows: size }, (stage) => measured(stage, size), { workers: 0 }));
  }
  const columns = ['records', 'backup', 'records/s', 'worker RSS', 'events', 'database', 'manifest'];
  return [
    {
      title: 'Cost against size',
      columns: [...columns, 'list of segments', 'seal', 'verify', 'verify RSS'],
      rows,
      notes: [
        'Records of an API by offset; each job in a worker process of its own. The database is Temporal’s, and what the backup added to it.',
      ],
    },
  ];
}

async function measured(stage: Stage, size: number): Promise<string[]> {
  const { longhaul } = stage;
  const database = join(longhaul.folder, 'data');
  const before = await sizeOf(database);
  const backup = await inWorkerOfItsOwn(stage, (pid) => stage.keep(backupOf('offset', ['fast']), pid));
  const grown = (await sizeOf(database)) - before;
  const folder = longhaul.archiveOf(backup.ran.job);
  const source = archivedBy(backup.ran);
  const verify = await inWorkerOfItsOwn(stage, (pid) => stage.run({ kind: 'verify', source }, pid));
  return [
    size.toLocaleString('en'),
    seconds(backup.ran.ms),
    thousands((size * 1_000) / backup.ran.ms),
    megabytes(backup.peak),
    String(backup.ran.events),
    kilobytes(grown),
    kilobytes((await stat(join(folder, 'manifest.json'))).size),
    kilobytes((await stat(join(folder, 'segments.jsonl'))).size),
    seconds(await sealMs(longhaul.temporal, backup.ran.job.id)),
    seconds(verify.ran.ms),
    megabytes(verify.peak),
  ];
}

async function inWorkerOfItsOwn<T>(
  { longhaul }: Stage,
  work: (pid: number) => Promise<T>,
): Promise<{ ran: T; peak: number }> {
  const worker = longhaul.startWorker();
  try {
    const ran = await work(worker.pid);
    return { ran, peak: await peakMemory(worker.pid) };
  } finally {
    await end(worker);
  }
}

async function sealMs(temporal: string, id: string): Promise<number> {
  const events = (await jobHistory(temporal, id)).runs.flat();
  const seal = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'seal',
  );
  const done = events.find((event) =>
    event.activityTaskCompletedEventAttributes?.scheduledEventId?.equals(seal?.eventId ?? 0),
  );
  const ms = (at: typeof seal): number =>
    Number(at?.eventTime?.seconds ?? NaN) * 1_000 + (at?.eventTime?.nanos ?? 0) / 1e6;
  return ms(done) - ms(seal);
}

/** Of all files in it, bytes. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
