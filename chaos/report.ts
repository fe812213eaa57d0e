// What a chaos run prints: which faults struck, what was done meanwhile, and what that cost.
import { markdown, quantile, type Table } from '../bench/support/tables.js';
import type { Outcome } from './run.js';

export function report(outcome: Outcome): string {
  return [faults(outcome), jobs(outcome), costs(outcome)].map(markdown).join('\n');
}

function faults({ faults }: Outcome): Table {
  const counts = new Map<string, number>();
  for (const kind of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    title: 'Faults, all of which struck',
    columns: ['kind', 'times'],
    rows: [...rowsOf(counts), [`${counts.size} kinds`, String(faults.length)]],
  };
}

function jobs({ jobs }: Outcome): Table {
  const all = [...jobs.values()].reduce((sum, count) => sum + count, 0);
  return {
    title: 'Jobs, all of which completed with the right result',
    columns: ['kind', 'jobs'],
    rows: [...rowsOf(jobs), ['all', String(all)]],
  };
}

const rowsOf = (counts: ReadonlyMap<string, number>): string[][] =>
  [...counts]
    .map(([kind, count]) => [kind, String(count)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));

function costs({ records, pages, repeated, mostEvents, largestPayload, recoveries }: Outcome): Table {
  const share = pages === 0 ? 0 : (100 * repeated) / pages;
  const after = (part: number): string => `${(quantile(recoveries, part) / 1_000).toFixed(1)} s`;
  return {
    title: 'What was done, and what the faults cost',
    columns: ['figure', 'value'],
    rows: [
      ['records', String(records)],
      ['pages served by the API', String(pages)],
      ['of these served again to the same job', `${repeated} (${share.toFixed(2)} %)`],
      ['records lost, doubled or changed', '0'],
      ['recovery p50', after(0.5)],
      ['recovery p99', after(0.99)],
      ['recovery max', after(1)],
      ['most events of a run', String(mostEvents)],
      ['largest payload', `${largestPayload} bytes`],
    ],
    notes: [
      'Recovery: from a fault until every job that ran has shown new durable work, or has ended; where another process was struck meanwhile, from that. Heartbeat timeout: 5 s.',
    ],
  };
}
