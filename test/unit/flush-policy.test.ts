// When checkpoints fall.
import { describe, expect, test } from 'vitest';
import {
  CHUNK_BUDGET,
  createBudget,
  createFlushPolicy,
  DEFAULT_CHECKPOINT,
} from '../../src/activities/flush-policy.js';

const SELDOM = { seconds: 3_600, bytes: Infinity, pages: Infinity, requests: Infinity };

/** The pauses between checkpoints, in ms, when a small page comes every 100 ms. */
function pauses(seconds: number, count: number): number[] {
  const policy = createFlushPolicy({ ...SELDOM, seconds }, 0);
  const flushes = [0];
  for (let now = 100; flushes.length <= count; now += 100) {
    if (!policy.due(1, 0, now)) continue;
    policy.flushed(now);
    flushes.push(now);
  }
  return flushes.slice(1).map((at, i) => at - (flushes[i] ?? 0));
}

describe('a checkpoint', () => {
  test('comes after a second at first, then after twice as long each time, up to the setting', () => {
    expect(pauses(10, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  test('comes as often as the setting says where that is less than a second', () => {
    expect(pauses(0.5, 3)).toEqual([500, 500, 500]);
  });

  test('comes when so many bytes were written since the last one', () => {
    const policy = createFlushPolicy({ ...SELDOM, bytes: 1_000 }, 0);
    expect([policy.due(400, 0, 1), policy.due(599, 0, 2), policy.due(1, 0, 3)]).toEqual([false, false, true]);
    policy.flushed(4);
    expect([policy.due(999, 0, 5), policy.due(1, 0, 6)]).toEqual([false, true]);
  });

  test('comes after so many pages, also after every one', () => {
    const third = createFlushPolicy({ ...SELDOM, pages: 3 }, 0);
    expect([third.due(1, 0, 1), third.due(1, 0, 1), third.due(1, 0, 1)]).toEqual([false, false, true]);
    const every = createFlushPolicy({ ...SELDOM, pages: 1 }, 0);
    for (let i = 0; i < 3; i += 1) {
      expect(every.due(0, 0, 0)).toBe(true);
      every.flushed(0);
    }
  });

  test('comes when so many requests were sent since the last one', () => {
    const policy = createFlushPolicy({ ...SELDOM, requests: 100 }, 0);
    expect([policy.due(1, 99, 1), policy.due(1, 100, 2)]).toEqual([false, true]);
  });

  test('comes on time although the clock was set back by an hour', () => {
    const hour = 3_600_000;
    const policy = createFlushPolicy({ ...SELDOM, seconds: 1 }, hour);
    expect([policy.due(1, 0, 100), policy.due(1, 0, 1_000), policy.due(1, 0, 1_100)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('stays due until it is made', () => {
    const policy = createFlushPolicy({ ...SELDOM, pages: 2 }, 0);
    expect([policy.due(1, 0, 1), policy.due(1, 0, 1), policy.due(1, 0, 1)]).toEqual([false, true, true]);
  });

  test('falls at 10 s, 16 MiB or 256 requests, whichever comes first, where nobody says otherwise', () => {
    expect(DEFAULT_CHECKPOINT).toEqual({
      seconds: 10,
      bytes: 16 * 1_048_576,
      pages: Infinity,
      requests: 256,
    });
  });
});

describe("a chunk's share", () => {
  test('is counted on from a clock that was set back', () => {
    const spent = createBudget(3_600_000);
    expect([spent(1, 100), spent(1, CHUNK_BUDGET.ms), spent(1, CHUNK_BUDGET.ms + 100)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('is so much time or so many bytes, whichever comes first', () => {
    const slow = createBudget(5_000);
    expect([slow(1, 5_000), slow(1, 5_000 + CHUNK_BUDGET.ms - 1)]).toEqual([false, false]);
    expect(slow(1, 5_000 + CHUNK_BUDGET.ms)).toBe(true);
    const fast = createBudget(5_000);
    expect([fast(CHUNK_BUDGET.bytes - 1, 5_001), fast(1, 5_002)]).toEqual([false, true]);
  });
});
