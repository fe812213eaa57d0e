// The most memory a worker takes: each job in a worker process of its own, small and ten times as large.
import { end } from '../../test/support/processes.js';
import { peakMemory } from '../../test/support/memory.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { fillTable } from '../support/table.js';
import { median, megabytes, type Table } from '../support/tables.js';
import type { JobSpec } from '../../src/core/spec.js';

interface Pair {
  readonly name: string;
  readonly small: JobSpec;
  readonly large: JobSpec;
}

const PAIRS: readonly Pair[] = [
  pair('PostgreSQL', 'main', 'public.tenth', 'public.whole'),
  pair('HTTP, by cursor', 'cursor', 'tenth', 'fast'),
  pair('HTTP, by offset', 'offset', 'tenth', 'fast'),
];

function pair(name: string, connection: string, small: string, large: string): Pair {
  return { name, small: backupOf(connection, [small]), large: backupOf(connection, [large]) };
}

export async function memory(scale: Scale): Promise<Table[]> {
  return onStage(scale, (stage) => measured(stage, scale), { workers: 0 });
}

async function measured(stage: Stage, { rows, rounds }: Scale): Promise<Table[]> {
  await fillTable(stage.postgres.url, rows / 10, 'tenth');
  await fillTable(stage.postgres.url, rows, 'whole');
  const measuredPairs = [];
  for (const { name, small, large } of PAIRS) {
    const peaks: { small: number; large: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      peaks.push({ small: await peakOf(stage, small), large: await peakOf(stage, large) });
    }
    measuredPairs.push([
      name,
      megabytes(median(peaks.map((each) => each.small))),
      megabytes(median(peaks.map((each) => each.large))),
      median(peaks.map((each) => each.large / each.small)).toFixed(2),
    ]);
  }
  const columns = ['source', `${rows / 10} records`, `${rows} records`, 'ratio'];
  return [
    {
      title: 'Peak memory of the worker',
      columns,
      rows: measuredPairs,
      notes: ['The limit is a ratio of 1.15.'],
    },
  ];
}

async function peakOf({ longhaul, run }: Stage, spec: JobSpec): Promise<number> {
  const worker = longhaul.startWorker();
  await run(spec, worker.pid);
  const peak = await peakMemory(worker.pid);
  await end(worker);
  return peak;
}
