// The most memory a worker takes, and how long it holds its event loop up: each job in a worker process of its own, small and ten
// times as large.
import { loopDelay, type LoopDelay } from '../../test/support/event-loop.js';
import { end } from '../../test/support/processes.js';
import { peakMemory } from '../../test/support/memory.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { fillTable } from '../support/table.js';
import { median, megabytes, millis, type Table } from '../support/tables.js';
import type { JobSpec } from '../../src/core/spec.js';

/** Of one worker. */
interface Took {
  readonly peak: number;
  readonly delay: LoopDelay;
}

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
    const ran: { small: Took; large: Took }[] = [];
    for (let round = 0; round < rounds; round++) {
      ran.push({ small: await tookBy(stage, small), large: await tookBy(stage, large) });
    }
    const of = (figure: (each: { small: Took; large: Took }) => number) => median(ran.map(figure));
    measuredPairs.push([
      name,
      megabytes(of((each) => each.small.peak)),
      megabytes(of((each) => each.large.peak)),
      of((each) => each.large.peak / each.small.peak).toFixed(2),
      millis(of((each) => each.large.delay.p99)),
      millis(of((each) => each.large.delay.max)),
    ]);
  }
  const columns = ['source', `${rows / 10} records`, `${rows} records`, 'ratio', 'event loop p99', 'longest'];
  return [
    {
      title: 'Peak memory and event loop of the worker',
      columns,
      rows: measuredPairs,
      notes: [
        'The limits are 320 MB, a ratio of 1.15, and 50 ms at p99; the delay is that of the larger job, from the start of the process on.',
      ],
    },
  ];
}

async function tookBy({ longhaul, run }: Stage, spec: JobSpec): Promise<Took> {
  const worker = longhaul.startWorker();
  await run(spec, worker.pid);
  const peak = await peakMemory(worker.pid);
  await end(worker);
  return { peak, delay: await loopDelay(worker) };
}
