// Records a second, as people see them.
import { describe, expect, test } from 'vitest';
import { createRate } from '../../src/core/rate.js';

describe('a rate', () => {
  test('is 0 until there are two samples', () => {
    const rate = createRate();
    expect(rate.perSecond()).toBe(0);
    rate.sample(100, 0);
    expect(rate.perSecond()).toBe(0);
    rate.sample(200, 0);
    expect(rate.perSecond()).toBe(0);
  });

  test('is over the last ten seconds, so that it soon forgets what was', () => {
    const rate = createRate();
    for (let second = 0; second <= 10; second += 1) rate.sample(second * 1_000, second * 1_000);
    expect(rate.perSecond()).toBe(1_000);
    for (let second = 11; second <= 20; second += 1) rate.sample(10_000, second * 1_000);
    expect(rate.perSecond()).toBe(0);
  });

  test('is of what is left after a silence longer than that', () => {
    const rate = createRate();
    rate.sample(0, 0);
    rate.sample(5_000, 1_000);
    rate.sample(5_000, 60_000);
    expect(rate.perSecond()).toBe(0);
    rate.sample(5_250, 60_500);
    expect(rate.perSecond()).toBe(500);
  });
});
