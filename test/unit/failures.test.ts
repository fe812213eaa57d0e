// How errors leave an activity: what Temporal tries again and when, and what the workflow is told.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { ChunkError, handover, toErrorData, toFailure } from '../../src/activities/failures.js';
import { START } from '../../src/core/checkpoint.js';
import { ERRORS, LonghaulError, type ErrorCode } from '../../src/core/errors.js';

const NOW = 1_000_000;
const CODES = Object.keys(ERRORS) as ErrorCode[];
const CHECKPOINT = { ...START, cursor: 7, sink: 'head-7' };

describe('an error that leaves an activity', () => {
  test('is named by its code, and says what to do', () => {
    const error = new LonghaulError('table_missing', 'orders is gone');
    const failure = toFailure(error, 1, NOW);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect([failure.type, failure.message]).toEqual(['table_missing', 'orders is gone']);
    expect(failure.details).toEqual([
      { error: { code: 'table_missing', message: 'orders is gone', hint: ERRORS.table_missing.hint } },
    ]);
  });

  test('brings the checkpoint along that was reached before it', () => {
    const error = new LonghaulError('table_missing', 'orders is gone');
    const [details] = toFailure(new ChunkError(error, CHECKPOINT, 'source'), 1, NOW).details ?? [];
    expect(details).toEqual({ error: toErrorData(error), checkpoint: CHECKPOINT });
  });

  test.for(CODES)('%s of a source is not tried again: that was done where it could help', (code) => {
    if (code === 'internal') return;
    const thrown = new ChunkError(new LonghaulError(code, '!'), START, 'source');
    expect(toFailure(thrown, 1, NOW)).toMatchObject({ type: code, nonRetryable: true });
  });

  test('waits until the source says when to come back', () => {
    const later = new LonghaulError('quota_spent', '!', { until: NOW + 86_400_000 });
    expect(toFailure(later, 1, NOW)).toMatchObject({ nonRetryable: false, nextRetryDelay: 86_400_000 });
    expect(toFailure(later, 99, NOW + 90_000_000)).toMatchObject({ nonRetryable: false, nextRetryDelay: 1 });
  });

  test('is a fault of our own where nobody named it, and gets a few tries, later each time', () => {
    const thrown = new TypeError('x is undefined');
    const failures = [1, 2, 3, 4, 5].map((attempt) => toFailure(thrown, attempt, NOW));
    expect(failures[0]?.details).toMatchObject([
      { error: { code: 'internal', message: 'TypeError: x is undefined' } },
    ]);
    expect(failures.map(({ nextRetryDelay }) => nextRetryDelay)).toEqual([
      2_000,
      4_000,
      8_000,
      16_000,
      undefined,
    ]);
    expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual([false, false, false, false, true]);
  });

  test('of a sink is tried again where it may pass, and only there', () => {
    const ofSink = (code: ErrorCode, attempt: number) =>
      toFailure(new ChunkError(new LonghaulError(code, '!'), CHECKPOINT, 'sink'), attempt, NOW);
    expect(ofSink('source_unreachable', 1)).toMatchObject({ nonRetryable: false, nextRetryDelay: 2_000 });
    expect(ofSink('source_unreachable', 7)).toMatchObject({ nonRetryable: false, nextRetryDelay: 60_000 });
    expect(ofSink('source_unreachable', 8).nonRetryable).toBe(true);
    expect(ofSink('disk_full', 1).nonRetryable).toBe(true);
  });
});

test('a hand-over is tried again at once, from the checkpoint it brings', () => {
  const failure = handover(CHECKPOINT);
  expect(failure).toMatchObject({ type: 'handover', nextRetryDelay: 1, nonRetryable: false });
  expect(failure.details).toMatchObject([{ error: { code: 'handover' }, checkpoint: CHECKPOINT }]);
});
