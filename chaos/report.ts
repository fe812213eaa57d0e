// What a chaos run prints: which faults struck, what was done meanwhile, and what that cost.
import { markdown, type Table } from '../bench/support/tables.js';
import { jobsIn, RECOVERY_P99_MS, recoveryOf, repeatedPercent, REPEATED_PERCENT } from './bounds.js';
import type { Outcome } from './run.js';

export function report(outcome: Outcome): string {
  const tables = [faults, jobs, changes, costs, held];
  return tables.map((table) => markdown(table(outcome))).join('\n');
}

function faults({ faults, recoveries }: Outcome): Table {
  const counts = new Map<string, number>();
  for (const kind of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const longest = (of: string): string => {
    const times = recoveries.filter(({ kind }) => kind === of).map(({ ms }) => ms);
    return times.length === 0 ? '' : seconds(Math.max(...times));
  };
  return {
    title: 'Faults, all of which struck',
    columns: ['kind', 'times', 'longest recovery'],
    rows: [
      ...rowsOf(counts).map(([kind = '', times = '']) => [kind, times, longest(kind)]),
      [`${counts.size} kinds`, String(faults.length), ''],
    ],
  };
}

function jobs(outcome: Outcome): Table {
  return {
    title: 'Jobs, all of which completed with the right result',
    columns: ['kind', 'jobs'],
    rows: [...rowsOf(outcome.jobs), ['all', String(jobsIn(outcome))]],
  };
}

function changes({ changes }: Outcome): Table {
  return {
    title: 'Changes of state, all of which are allowed',
    columns: ['change', 'times'],
    rows: rowsOf(changes),
  };
}

const rowsOf = (counts: ReadonlyMap<string, number>): string[][] =>
  [...counts]
    .map(([kind, count]) => [kind, String(count)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));

function costs(outcome: Outcome): Table {
  const { records, pages, repeated, retried, mostEvents, largestPayload } = outcome;
  const after = (share: number): string => seconds(recoveryOf(outcome, share));
  return {
    title: 'What was done, and what the faults cost',
    columns: ['figure', 'value', 'bound'],
    rows: [
      ['records', String(records), ''],
      ['pages served by the API', String(pages), ''],
      [
        'of these served again to the same job',
        `${repeated} (${repeatedPercent(outcome).toFixed(2)} %)`,
        `${REPEATED_PERCENT} %`,
      ],
      ['records lost, doubled or changed', '0', '0'],
      ['retries after a full disk', String(retried), ''],
      ['recovery p50', after(0.5), ''],
      ['recovery p99', after(0.99), `${RECOVERY_P99_MS / 1_000} s`],
      ['recovery max', after(1), ''],
      ['most events of a run', String(mostEvents), '2500'],
      ['largest payload', `${largestPayload} bytes`, '65536 bytes'],
    ],
    notes: [
      'Recovery: from a fault until every job that ran has shown new durable work, or has ended; where another process was struck meanwhile, from that. Heartbeat timeout: 5 s.',
    ],
  };
}

function held({ held }: Outcome): Table {
  const rows = (held ?? []).map(({ before, after }): string[] => [
    after.name,
    `${before.files} → ${after.files}`,
    `${before.sockets} → ${after.sockets}`,
    `${megabytes(before.memory)} → ${megabytes(after.memory)}`,
  ]);
  return {
    title: 'What processes hold before and after a round of jobs without faults',
    columns: ['process', 'open files', 'of these sockets', 'memory, MB'],
    rows,
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(0);
