// What ties an activity to Temporal, in an activity's real context with a clock that the test turns.
import { getEventListeners } from 'node:events';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/activities/clock.js';
import { onLifeline, type Lifeline } from '../../src/activities/lifeline.js';
import { LonghaulError, Stopped } from '../../src/core/errors.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const silent = new DefaultLogger('ERROR');

/** An activity that works until the test says how it ends. */
function begin(info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}) {
  const environment = new MockActivityEnvironment(info, { logger: silent });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  const work = createWork();
  let line: Lifeline | undefined;
  const ended = environment.run(() =>
    onLifeline(systemClock, (given) => {
      line = given;
      return work.promise;
    }),
  );
  ended.catch(() => undefined);
  return { environment, beats, work, ended, line: () => line! };
}

function createWork() {
  let ends!: { resolve: (value: string) => void; reject: (error: unknown) => void };
  const promise = new Promise<string>((resolve, reject) => (ends = { resolve, reject }));
  return { promise, ...ends };
}

/** Whatever happened, nothing stays behind. */
function expectNothingLeft({ environment }: ReturnType<typeof begin>): void {
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(environment.context.cancellationSignal, 'abort')).toEqual([]);
}

describe('an activity on a lifeline', () => {
  test('keeps the breadcrumb of the attempt before it alive until it has one of its own', async () => {
    const activity = begin({ heartbeatDetails: { crumb: 1 } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(activity.beats).toEqual([{ crumb: 1 }, { crumb: 1 }]);
    activity.line().beat(() => ({ crumb: 2 }));
    await vi.advanceTimersByTimeAsync(400);
    expect(activity.beats.at(-1)).toEqual({ crumb: 2 });
    activity.work.resolve('done');
    await activity.ended;
  });

  test('beats no more once it has ended, however it ended', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const activity = begin();
      await vi.advanceTimersByTimeAsync(450);
      activity.work[end]('the end');
      await activity.ended.catch(() => undefined);
      const beats = activity.beats.length;
      await vi.advanceTimersByTimeAsync(5_000);
      expect(activity.beats).toHaveLength(beats);
      expectNothingLeft(activity);
    }
  });

  test('is told to stop at once when it is cancelled, and broken off after a grace', async () => {
    const activity = begin();
    activity.environment.cancel();
    expect([activity.line().stop.aborted, activity.line().signal.aborted]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1_199);
    expect(activity.line().signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(activity.line().signal.aborted).toBe(true);
    activity.work.resolve('a checkpoint');
    expect(await activity.ended).toBe('a checkpoint');
    expectNothingLeft(activity);
  });

  test('leaves no timer behind when it ends within the grace', async () => {
    const activity = begin();
    activity.environment.cancel();
    activity.work.resolve('a checkpoint');
    expect(await activity.ended).toBe('a checkpoint');
    expectNothingLeft(activity);
  });

  test('lets go of its work at once when its process has slept past the heartbeat timeout', async () => {
    const activity = begin({ heartbeatTimeoutMs: 5_000 });
    await vi.advanceTimersByTimeAsync(4_800);
    expect(activity.line().isHandover()).toBe(false);
    const awake = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(awake + 5_001);
    await vi.advanceTimersByTimeAsync(400);
    const line = activity.line();
    expect([line.stop.aborted, line.signal.aborted, line.isHandover()]).toEqual([true, true, true]);
    activity.work.reject(new Stopped());
    await expect(activity.ended).rejects.toMatchObject({ type: 'handover' });
    expectNothingLeft(activity);
  });

  test('is told before it begins when it was cancelled before', async () => {
    const environment = new MockActivityEnvironment();
    environment.cancel();
    const aborted = await environment.run(() => onLifeline(systemClock, async ({ stop }) => stop.aborted));
    expect(aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what an activity on a lifeline throws', () => {
  async function thrownBy(fault: unknown, cancel?: 'CANCELLED' | 'WORKER_SHUTDOWN'): Promise<unknown> {
    const activity = begin({ heartbeatDetails: { crumb: 1, failures: 2 } });
    if (cancel) activity.environment.cancel(cancel);
    activity.work.reject(fault);
    const [ended] = await Promise.allSettled([activity.ended]);
    expectNothingLeft(activity);
    return ended.status === 'rejected' ? ended.reason : undefined;
  }

  test('is an ApplicationFailure, whatever it was', async () => {
    expect(await thrownBy(new LonghaulError('disk_full', 'no space'))).toMatchObject({ type: 'disk_full' });
    expect(await thrownBy(new TypeError('x'))).toMatchObject({ type: 'internal', nextRetryDelay: 8_000 });
    const own = ApplicationFailure.create({ type: 'own' });
    expect(await thrownBy(own)).toBe(own);
  });

  test('counts errors alone, over all attempts, and leaves their number with the newest breadcrumb', async () => {
    const activity = begin({ attempt: 40, heartbeatDetails: { crumb: 1, failures: 3 } });
    await vi.advanceTimersByTimeAsync(450);
    activity.line().beat(() => ({ crumb: 2 }));
    activity.work.reject(new TypeError('x'));
    await expect(activity.ended).rejects.toMatchObject({ nonRetryable: false, nextRetryDelay: 16_000 });
    expect(activity.beats).toEqual([
      { crumb: 1, failures: 3 },
      { crumb: 2, failures: 4 },
    ]);
    const last = begin({ heartbeatDetails: { failures: 4 } });
    last.work.reject(new TypeError('x'));
    await expect(last.ended).rejects.toMatchObject({ nonRetryable: true });
    const fresh = begin({ attempt: 40 });
    fresh.work.reject(new Stopped());
    fresh.environment.cancel('WORKER_SHUTDOWN');
    await expect(fresh.ended).rejects.toMatchObject({ type: 'handover' });
    expect(fresh.beats).toEqual([undefined]);
  });

  test('says that it was cancelled when it stopped for that', async () => {
    expect(await thrownBy(new Stopped(), 'CANCELLED')).toBeInstanceOf(CancelledFailure);
  });

  test('hands over when it stopped because its worker goes', async () => {
    expect(await thrownBy(new Stopped(), 'WORKER_SHUTDOWN')).toMatchObject({
      type: 'handover',
      nextRetryDelay: 1,
    });
  });

  test('does not pass for cancelled when nobody told it to stop', async () => {
    expect(await thrownBy(new Stopped('why ever'))).toMatchObject({ type: 'internal' });
  });
});
