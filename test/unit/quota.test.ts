// The day's requests: never more than the day has, whoever asks for a share and when.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openQuota, share, spend, today, untilRenewed } from '../../src/core/quota.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const DAY = 86_400_000;

describe('a daily quota', () => {
  test('is shared out among lanes, never beyond what is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 1_200 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 100 }),
        (perDay, used, lanes, asks) => {
          const quota = { ...openQuota(perDay, NOON), used };
          let reserved = 0;
          for (let i = 0; i < asks; i += 1) reserved += share(quota, reserved, lanes);
          expect(reserved).toBeLessThanOrEqual(Math.max(0, perDay - used));
        },
      ),
    );
  });

  test('gives every lane something while there is something, and nothing once it is spent', () => {
    const quota = openQuota(100, NOON);
    expect(share(quota, 0, 4)).toBe(25);
    expect(share(quota, 99, 4)).toBe(1);
    expect(share(quota, 100, 4)).toBe(0);
    expect(share(spend(quota, 130, NOON), 0, 4)).toBe(0);
  });

  test('is whole again the next day in UTC, whatever was used', () => {
    const spent = spend(openQuota(10, NOON), 10, NOON);
    expect(today(spent, NOON + DAY / 2 - 1)).toEqual({ perDay: 10, day: '2026-01-01', used: 10 });
    expect(today(spent, NOON + DAY / 2)).toEqual({ perDay: 10, day: '2026-01-02', used: 0 });
  });

  test('counts requests to the day on which it hears of them', () => {
    const spent = spend(openQuota(10, NOON), 4, NOON);
    expect(spend(spent, 3, NOON + DAY)).toEqual({ perDay: 10, day: '2026-01-02', used: 3 });
  });

  test('renews at midnight, the next one also at midnight itself', () => {
    const midnight = Date.UTC(2026, 0, 2);
    expect(untilRenewed(NOON).until).toBe(midnight);
    expect(untilRenewed(midnight - 1).until).toBe(midnight);
    expect(untilRenewed(midnight).until).toBe(midnight + DAY);
    const spent = spend(openQuota(10, NOON), 10, NOON);
    expect(share(today(spent, untilRenewed(NOON).until), 0, 1)).toBe(10);
  });
});
