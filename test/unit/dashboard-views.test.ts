// What the dashboard makes of a job: the cells of its streams, the curve of its rate, addresses, figures in words.
import { describe, expect, test } from 'vitest';
import type { Job, StreamProgress } from '../../src/core/job.js';
import { cellsOf, cellsText, lookOf } from '../../src/dashboard/job/cells.js';
import { curveOf, remember, samplesOf, thinned } from '../../src/dashboard/job/rates.js';
import { hrefOf, jobHref, readRoute } from '../../src/dashboard/route.js';
import { bytes, duration, percent } from '../../src/dashboard/words.js';

const stream = (changes: Partial<StreamProgress> = {}): StreamProgress => ({
  name: 'contacts',
  state: 'running',
  records: 50,
  estimatedRecords: 100,
  partitions: { done: 1, running: 2, total: 5 },
  ...changes,
});

const START = Date.parse('2026-03-01T12:00:00Z');

const job = (changes: Partial<Job> = {}): Job =>
  ({
    id: 'a',
    state: 'running',
    startedAt: new Date(START).toISOString(),
    endedAt: null,
    progress: { records: 1_000, recordsPerSecond: 100 },
    error: null,
    ...changes,
  }) as Job;

describe('the cells of a stream', () => {
  test('are one a partition: done, running, waiting', () => {
    expect(cellsOf(stream(), job())).toEqual(['done', 'running', 'running', 'waiting', 'waiting']);
    expect(cellsText(cellsOf(stream(), job()))).toBe('1 of 5 partitions done, 2 running, 2 waiting');
  });

  test('show where a failed job failed, and that nothing runs any more', () => {
    const failed = job({
      state: 'failed',
      error: { code: 'internal', message: '', hint: '', stream: 'contacts' },
    });
    expect(cellsOf(stream(), failed)).toEqual(['done', 'failed', 'waiting', 'waiting', 'waiting']);
    expect(lookOf(stream(), failed)).toBe('failed');
    expect(lookOf(stream({ name: 'companies' }), failed)).toBe('waiting');
  });

  test('are all done once the stream is, whatever failed elsewhere', () => {
    const done = stream({ state: 'completed', partitions: { done: 2, running: 0, total: 2 } });
    expect(cellsOf(done, job())).toEqual(['done', 'done']);
    expect(lookOf(done, job({ state: 'failed' }))).toBe('done');
  });

  test('wait while the job is paused', () => {
    expect(lookOf(stream(), job({ state: 'paused' }))).toBe('waiting');
  });
});

describe('the curve of the rate', () => {
  test('begins with the average of the time before the page was opened', () => {
    const samples = [
      { at: START + 10_000, rate: 100 },
      { at: START + 12_000, rate: 200 },
    ];
    const curve = curveOf(job(), samples, START + 13_000);
    // 1,000 records in all, 400 of them while it was watched.
    expect(curve?.average).toEqual({ until: START + 10_000, rate: 60 });
    expect(curve).toMatchObject({ from: START, to: START + 13_000, top: 200 });
  });

  test('has no average where the job was watched from its start, and no curve before that', () => {
    expect(curveOf(job(), [{ at: START + 200, rate: 5 }], START + 5_000)?.average).toBeNull();
    expect(curveOf(job({ startedAt: null }), [], START)).toBeNull();
  });

  test('of an ended job that nobody watched is its average', () => {
    const ended = job({ endedAt: new Date(START + 20_000).toISOString() });
    expect(curveOf(ended, [], START + 99_000)?.average).toEqual({ until: START + 20_000, rate: 50 });
  });

  test('stays small however long a job is watched, and keeps its end', () => {
    for (let i = 0; i < 5_000; i++) remember(job(), START + i * 500);
    expect(samplesOf('a').length).toBeLessThanOrEqual(400);
    expect(samplesOf('a').at(-1)?.at).toBe(START + 4_999 * 500);
  });

  test('is thinned by halves, an odd last sample kept', () => {
    const rates = thinned([1, 3, 5, 7, 9].map((rate, at) => ({ at, rate }))).map(({ rate }) => rate);
    expect(rates).toEqual([2, 6, 9]);
  });

  test('is forgotten for the job that was looked at the longest time ago', () => {
    for (let i = 0; i < 30; i++) remember(job({ id: `job-${i}` }), START);
    expect([samplesOf('job-0').length, samplesOf('job-29').length]).toEqual([0, 1]);
  });
});

describe('an address', () => {
  test('leads back to what it was made of', () => {
    expect(readRoute(jobHref('backup/ü?#1'))).toEqual({ page: 'jobs', id: 'backup/ü?#1', query: {} });
    const query = { kind: 'backup', source: 'a & b' };
    expect(readRoute(hrefOf('jobs', { ...query, tenant: '' }))).toEqual({ page: 'jobs', id: null, query });
  });

  test('that is none is the list of jobs, and a broken one is no error', () => {
    expect(readRoute('')).toEqual({ page: 'jobs', id: null, query: {} });
    expect(readRoute('#/jobs/%E0%A4%A')).toMatchObject({ id: '%E0%A4%A' });
  });
});

test('figures are in words', () => {
  expect([bytes(0), bytes(1_023), bytes(1_536), bytes(3 * 1024 ** 3)]).toEqual([
    '0 B',
    '1,023 B',
    '1.5 KiB',
    '3.0 GiB',
  ]);
  expect([duration(0.2), duration(65), duration(7_500), duration(90_000)]).toEqual([
    '0 s',
    '1 min 05 s',
    '2 h 05 min',
    '1 d 01 h',
  ]);
  expect([percent(100), percent(99.9), percent(0)]).toEqual(['100 %', '99.9 %', '0.0 %']);
});
