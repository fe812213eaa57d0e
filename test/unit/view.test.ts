// From the facts of one Describe call to the job that people see.
import { describe, expect, it } from 'vitest';
import { NO_TALLIES, START, type Tallies } from '../../src/core/checkpoint.js';
import type { JobState } from '../../src/core/job.js';
import type { JobSpec } from '../../src/core/spec.js';
import { toJob, type JobFacts, type PendingChunk, type RunStatus } from '../../src/core/view.js';
import type { Heartbeat, JobMemo } from '../../src/core/work.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const spec: JobSpec = {
  kind: 'backup',
  source: { connection: 'crm', streams: ['contacts'] },
  sink: { connection: 'vault', prefix: 'nightly' },
};
const tallies = (records: number): Tallies => ({
  ...NO_TALLIES,
  records,
  bytes: records * 300,
  pages: records / 10,
});

const memo: JobMemo = {
  state: 'running',
  startedAt: '2026-03-01T11:00:01.000Z',
  tallies: tallies(1_000),
  estimatedRecords: 4_000,
  streams: [
    {
      name: 'contacts',
      state: 'running',
      records: 1_000,
      estimatedRecords: null,
      partitions: { done: 1, running: 2, total: 8 },
    },
  ],
  streamsTotal: 1,
  wait: null,
  result: null,
  error: null,
};

const facts = (changes: Partial<JobFacts> = {}): JobFacts => ({
  id: 'backup-crm-1',
  status: 'RUNNING',
  request: { spec, createdAt: '2026-03-01T11:00:00.000Z', bodyHash: null },
  job: memo,
  closedAt: null,
  chunks: [],
  cancelRequested: false,
  webUi: 'http://127.0.0.1:8233/x',
  now: NOW,
  ...changes,
});

const beat = (changes: Partial<Heartbeat> = {}): Heartbeat => ({
  stream: 'contacts',
  checkpoint: START,
  delta: tallies(500),
  rate: 100,
  wait: null,
  ...changes,
});
const chunk = (changes: Partial<PendingChunk> = {}): PendingChunk => ({
  details: beat(),
  ageMs: 400,
  state: 'started',
  ...changes,
});

describe('progress', () => {
  it('adds the running chunks to the finished ones', () => {
    const { progress, streams } = toJob(facts({ chunks: [chunk(), chunk()] }));
    expect(progress).toMatchObject({ records: 2_000, bytes: 600_000, pages: 200 });
    expect(streams[0]?.records).toBe(2_000);
  });

  it('tells rate, percent and time left', () => {
    const { progress } = toJob(facts({ chunks: [chunk(), chunk()] }));
    expect(progress).toMatchObject({
      estimatedRecords: 4_000,
      percent: 50,
      recordsPerSecond: 200,
      etaSeconds: 10,
    });
  });

  it('counts what a lost worker had made durable, but not its rate', () => {
    const silent = chunk({ ageMs: 60_000 });
    const retrying = chunk({ state: 'scheduled' });
    const { progress } = toJob(facts({ chunks: [silent, retrying] }));
    expect(progress).toMatchObject({ records: 2_000, recordsPerSecond: null, etaSeconds: null });
  });

  it('is complete without a beat of a chunk that has just begun', () => {
    const { progress } = toJob(facts({ chunks: [chunk({ details: null, ageMs: null })] }));
    expect(progress).toMatchObject({ records: 1_000, recordsPerSecond: null });
  });

  it('never shows 100 percent before the end, nor an estimate below what is there', () => {
    const { progress } = toJob(facts({ job: { ...memo, tallies: tallies(5_000) } }));
    expect(progress).toMatchObject({ estimatedRecords: 5_000, percent: 99.9 });
  });

  it('shows no percent while the total is unknown, and 100 at the end whatever the estimate was', () => {
    const unknown = { ...memo, estimatedRecords: null };
    expect(toJob(facts({ job: unknown, chunks: [chunk()] })).progress).toMatchObject({
      percent: null,
      etaSeconds: null,
    });
    const done = facts({ status: 'COMPLETED', job: { ...unknown, state: 'completed' } });
    expect(toJob(done).progress).toMatchObject({ percent: 100, estimatedRecords: 1_000 });
  });

  it('survives an estimate of nothing', () => {
    const empty = { ...memo, tallies: NO_TALLIES, estimatedRecords: 0 };
    expect(toJob(facts({ job: empty })).progress.percent).toBe(0);
  });
});

describe('state', () => {
  it.each<[RunStatus, JobState]>([
    ['RUNNING', 'running'],
    ['COMPLETED', 'completed'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'cancelled'],
    ['TERMINATED', 'failed'],
    ['TIMED_OUT', 'failed'],
  ])('of a workflow that is %s is %s', (status, state) => {
    expect(toJob(facts({ status })).state).toBe(state);
  });

  it('is queued until the workflow has run, with nothing done yet', () => {
    const job = toJob(facts({ job: null }));
    expect(job).toMatchObject({ state: 'queued', startedAt: null, streams: [], streamsTotal: 0 });
    expect(job.progress).toMatchObject({ records: 0, percent: null });
  });

  it('is cancelling from the request on, before any worker has seen it', () => {
    expect(toJob(facts({ cancelRequested: true })).state).toBe('cancelling');
    expect(toJob(facts({ cancelRequested: true, status: 'CANCELLED' })).state).toBe('cancelled');
  });
});

describe('waiting', () => {
  const until = NOW + 60_000;
  const wait = { until, reason: 'retry-after' };

  it('shows until when and for what the job waits', () => {
    const { progress } = toJob(facts({ job: { ...memo, state: 'waiting', wait } }));
    expect(progress).toMatchObject({ waitingUntil: '2026-03-01T12:01:00.000Z', waitingFor: 'retry-after' });
  });

  it('shows the short wait of running chunks when all of them wait, the first to go on', () => {
    const later = { until: until + 1_000, reason: 'rate limit' };
    const chunks = [chunk({ details: beat({ wait: later }) }), chunk({ details: beat({ wait }) })];
    expect(toJob(facts({ chunks }))).toMatchObject({
      state: 'running',
      progress: { waitingFor: 'retry-after', waitingUntil: '2026-03-01T12:01:00.000Z' },
    });
  });

  it('shows no wait while one chunk goes on, nor one that is over', () => {
    const waiting = chunk({ details: beat({ wait }) });
    expect(toJob(facts({ chunks: [waiting, chunk()] })).progress.waitingUntil).toBeNull();
    const over = chunk({ details: beat({ wait: { until: NOW - 1, reason: 'rate limit' } }) });
    expect(toJob(facts({ chunks: [over] })).progress.waitingUntil).toBeNull();
  });
});

describe('error', () => {
  const named = { code: 'disk_full', message: 'No space left', hint: 'Free space.' } as const;

  it('is the one that the job kept', () => {
    expect(toJob(facts({ status: 'FAILED', job: { ...memo, error: named } })).error).toEqual(named);
  });

  it('is that of the workflow where the job kept none', () => {
    expect(toJob(facts({ status: 'FAILED', failure: named })).error).toEqual(named);
    expect(toJob(facts({ status: 'FAILED', job: null })).error?.code).toBe('internal');
  });

  it('says that the workflow was terminated, whatever the memo says', () => {
    const job = toJob(facts({ status: 'TERMINATED', closedAt: '2026-03-01T11:59:00.000Z' }));
    expect(job.error?.code).toBe('job_terminated');
    expect(job.endedAt).toBe('2026-03-01T11:59:00.000Z');
  });

  it('is gone while the job runs again', () => {
    expect(toJob(facts({ job: { ...memo, error: named } })).error).toBeNull();
  });
});

describe('archive', () => {
  it('of a backup is named after the job unless the caller named it', () => {
    expect(toJob(facts()).archive).toBe('vault/nightly/backup-crm-1');
    const own: JobSpec = { ...spec, sink: { connection: 'vault', archive: 'mine' } };
    expect(toJob(facts({ request: { ...facts().request, spec: own } })).archive).toBe('vault/mine');
  });

  it('of a verify job is the one it reads, and there is no sink', () => {
    const verify: JobSpec = { kind: 'verify', source: { connection: 'vault', archive: 'nightly/a' } };
    const job = toJob(facts({ request: { ...facts().request, spec: verify } }));
    expect(job).toMatchObject({ kind: 'verify', archive: 'vault/nightly/a', sink: null, options: {} });
  });
});
