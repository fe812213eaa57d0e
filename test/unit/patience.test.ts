// Trying again: how often, how long apart, and from where.
import { describe, expect, test } from 'vitest';
import { patient, patiently } from '../../src/activities/patience.js';
import type { Clock } from '../../src/activities/clock.js';
import type { Page } from '../../src/core/connector.js';
import { ERRORS, LonghaulError, Stopped, type ErrorCode } from '../../src/core/errors.js';
import { createMemorySource, wholeOf, type MemorySourceOptions } from '../support/memory-source.js';
import { collect, recordsOfAll, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';

const RECORDS = someRecords(50);
const LONGEST_INLINE = 30_000;

/** Time passes only where it is slept away. */
function createClock(onSleep: (ms: number) => void = () => {}): Clock & { readonly sleeps: number[] } {
  let now = 1_000_000;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    sleep: async (ms) => {
      if (sleeps.push(ms) > 100) throw new Error('it waits for ever');
      now += ms;
      onSleep(ms);
    },
  };
}

function reading(options: MemorySourceOptions = {}, onSleep?: (halt: () => void) => void) {
  const source = createMemorySource({ s: RECORDS }, options);
  const ctx = testContext();
  let retries = 0;
  const counting = { ...ctx, meter: { ...ctx.meter, retry: () => void (retries += 1) } };
  const clock = createClock(() => onSleep?.(() => ctx.halt()));
  const pages = patient(source, clock).read(counting, 's', wholeOf(RECORDS), null);
  return { source, ctx, clock, pages, retries: () => retries };
}

const error = (code: ErrorCode, until?: number) =>
  new LonghaulError(code, `${code}!`, until === undefined ? {} : { until });

async function outcomeOf(pages: AsyncIterable<Page>): Promise<unknown> {
  return collect(pages).then(recordsOfAll, (thrown: unknown) => thrown);
}

describe('reading with patience', () => {
  test('reads on behind the last page, and never a page again that it gave', async () => {
    const { source, pages, retries } = reading();
    for (const at of [0, 10, 30, 40]) source.fail({ at, error: error('source_unavailable') });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    expect([source.askedTwice(), retries()]).toEqual([[], 4]);
    source.assertAllFaultsFired();
    source.assertLetGo();
  });

  test.for([
    'source_unreachable',
    'source_timeout',
    'source_unavailable',
    'response_not_json',
    'response_invalid',
  ] as const)('tries %s as often as its row says, then throws it', async (code) => {
    const { attempts = 0 } = ERRORS[code];
    const { source, pages, retries } = reading();
    source.fail({ at: 20, error: error(code), times: attempts - 1 });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    const again = reading();
    again.source.fail({ at: 20, error: error(code), times: attempts });
    expect(await outcomeOf(again.pages)).toMatchObject({ code });
    expect([retries(), again.retries()]).toEqual([attempts - 1, attempts - 1]);
    again.source.assertLetGo();
  });

  test('counts anew after every page', async () => {
    const { source, pages } = reading();
    for (const at of [0, 10, 20, 30, 40]) source.fail({ at, error: error('response_invalid'), times: 3 });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    source.assertAllFaultsFired();
  });

  test('does not let one kind of failure use up the attempts of another', async () => {
    const { source, pages } = reading();
    source.fail({ at: 20, error: error('source_throttled', 0), times: 6 });
    source.fail({ at: 20, error: error('source_unreachable'), times: 5 });
    source.fail({ at: 20, error: error('response_invalid'), times: 3 });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    source.assertAllFaultsFired();
  });

  test.for(['unauthorized', 'source_forbidden', 'cursor_repeated', 'table_missing'] as const)(
    'does not try %s again',
    async (code) => {
      const { source, pages, clock } = reading();
      source.fail({ at: 20, error: error(code) });
      expect(await outcomeOf(pages)).toMatchObject({ code });
      expect(clock.sleeps).toEqual([]);
    },
  );

  test('does not try again what nobody named', async () => {
    const { source, pages, clock } = reading();
    source.fail({ at: 20, error: new TypeError('a fault in Longhaul') });
    expect(await outcomeOf(pages)).toBeInstanceOf(TypeError);
    expect(clock.sleeps).toEqual([]);
  });

  test('waits twice as long each time, with chance in it, and half a minute at most', async () => {
    const { source, pages, clock } = reading();
    source.fail({ at: 20, error: error('source_unavailable'), times: 7 });
    await outcomeOf(pages);
    const most = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
    clock.sleeps.forEach((ms, i) => {
      expect(ms).toBeLessThanOrEqual(most[i] ?? 0);
      expect(ms).toBeGreaterThanOrEqual((most[i] ?? 0) / 2);
    });
    expect(clock.sleeps).toHaveLength(7);
  });
});

describe('a source that asks to wait', () => {
  test('is waited for as long as it says, up to half a minute, and shown to wait', async () => {
    const { source, ctx, pages, clock } = reading();
    const until = clock.now() + LONGEST_INLINE;
    source.fail({ at: 20, error: error('source_throttled', until) });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    expect(clock.sleeps).toEqual([LONGEST_INLINE]);
    expect(ctx.waits).toEqual([
      { until, reason: 'source_throttled' },
      { until: null, reason: 'source_throttled' },
    ]);
  });

  test('is left to the workflow when it takes longer', async () => {
    const { source, pages, clock, retries } = reading();
    const later = error('quota_spent', clock.now() + LONGEST_INLINE + 1);
    source.fail({ at: 20, error: later });
    expect(await outcomeOf(pages)).toBe(later);
    expect([clock.sleeps, retries()]).toEqual([[], 0]);
    source.assertLetGo();
  });

  test('is not asked ever faster when it always says "at once"', async () => {
    const { source, pages, clock } = reading();
    source.fail({ at: 20, error: error('source_throttled', 0), times: 20 });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    expect(Math.min(...clock.sleeps)).toBeGreaterThanOrEqual(250);
    expect(clock.sleeps.reduce((sum, ms) => sum + ms)).toBeGreaterThan(200_000);
  });
});

describe('reading with patience that is told to stop', () => {
  test('stops at once in the middle of a wait', async () => {
    const { source, ctx, pages } = reading({}, (halt) => halt());
    source.fail({ at: 20, error: error('source_unavailable') });
    expect(await outcomeOf(pages)).toBeInstanceOf(Stopped);
    expect(source.asked.map(({ start }) => start)).toEqual([0, 10, 20]);
    expect(ctx.waits.at(-1)?.until).toBeNull();
    source.assertLetGo();
  });

  test('does not begin another attempt when the failure came after the stop', async () => {
    const { source, ctx, pages } = reading();
    const hold = source.hold('s', 2);
    source.fail({ at: 20, error: error('source_unavailable') });
    const outcome = outcomeOf(pages);
    await hold.reached();
    ctx.halt();
    hold.release();
    expect(await outcome).toBeInstanceOf(Stopped);
    expect(source.asked).toHaveLength(3);
  });
});

describe('a reader that leaves a patient reading', () => {
  test.for([false, true])(
    'is not given a page again because letting go failed (last page: %s)',
    async (saysLast) => {
      const { source, pages, clock } = reading({ saysLast });
      source.fail({ at: 'close', error: error('source_unreachable') });
      const iterator = pages[Symbol.asyncIterator]();
      for (let page = 0; page < (saysLast ? 5 : 2); page += 1) await iterator.next();
      expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
      expect([clock.sleeps, source.askedTwice()]).toEqual([[], []]);
      source.assertAllFaultsFired();
      source.assertLetGo();
    },
  );

  test('reads no last page again because the source could not let go behind it', async () => {
    const { source, pages } = reading({ saysLast: true });
    source.fail({ at: 'close', error: error('source_unreachable') });
    expect(await outcomeOf(pages)).toEqual(RECORDS);
    source.assertAllFaultsFired();
  });
});

describe('doing a thing patiently', () => {
  test('repeats it whole while its failures may pass', async () => {
    const failures = [error('source_timeout'), error('response_invalid'), error('source_throttled', 0)];
    const run = async () => {
      const next = failures.shift();
      if (next) throw next;
      return 'done';
    };
    expect(await patiently(testContext(), createClock(), run)).toBe('done');
  });

  test('gives up as often as the row of the error says', async () => {
    let runs = 0;
    const run = async () => {
      runs += 1;
      throw error('response_invalid');
    };
    await expect(patiently(testContext(), createClock(), run)).rejects.toMatchObject({
      code: 'response_invalid',
    });
    expect(runs).toBe(ERRORS.response_invalid.attempts);
  });
});
