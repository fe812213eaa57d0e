// Trying again with sense: bounded in a row for faults, as long as it says for a source that asks to wait.
import type { Context, Cursor, Page, Partition, Source } from '../core/connector.js';
import { ERRORS, LonghaulError, Stopped, type ErrorCode } from '../core/errors.js';
import { INLINE_WAIT_MS } from '../core/waits.js';
import type { Clock } from './clock.js';
import { letGo } from './prefetch.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Reads on from the last page when reading fails in a way that may pass. */
export function patient(source: Source, clock: Clock): Source {
  return {
    streams: (...asked) => source.streams(...asked),
    partitions: (ctx, stream, want) => source.partitions(ctx, stream, want),
    read: (ctx, stream, partition, from) => readPatiently(source, clock, ctx, stream, partition, from),
    close: () => source.close(),
  };
}

async function* readPatiently(
  source: Source,
  clock: Clock,
  ctx: Context,
  stream: string,
  partition: Partition,
  from: Cursor | null,
): AsyncGenerator<Page> {
  let patience = createPatience(ctx, clock);
  let cursor = from;
  for (;;) {
    const failed = yield* readOn(source.read(ctx, stream, partition, cursor), (next) => {
      cursor = next;
      patience = createPatience(ctx, clock);
    });
    if (!failed) return;
    await patience(failed.error);
  }
}

/** Passes pages on; returns the error that broke the reading off, or null at its end. */
async function* readOn(
  pages: AsyncIterable<Page>,
  passed: (next: Cursor) => void,
): AsyncGenerator<Page, { readonly error: unknown } | null> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next().catch((error: unknown) => ({ error }));
      if ('error' in step) return step;
      if (step.done) return null;
      if (step.value.next !== null) passed(step.value.next);
      yield step.value;
      if (step.value.next === null) return null;
    }
  } finally {
    await letGo(iterator);
  }
}

/** Runs something that may be repeated whole, with the same patience. */
export async function patiently<T>(ctx: Context, clock: Clock, run: () => Promise<T>): Promise<T> {
  const patience = createPatience(ctx, clock);
  for (;;) {
    try {
      return await run();
    } catch (error) {
      await patience(error);
    }
  }
}

/** Resolves when it is time to try again; throws the error where that is no use, `Stopped` when told to stop. */
type Patience = (error: unknown) => Promise<void>;

/** For failures in a row: each code has its own number of attempts, so that one trouble does not use up another's. */
function createPatience(ctx: Context, clock: Clock): Patience {
  const failures = new Map<ErrorCode, number>();
  return async (error) => {
    if (!(error instanceof LonghaulError)) throw error;
    const count = (failures.get(error.code) ?? 0) + 1;
    failures.set(error.code, count);
    const wait = delayAfter(error, count, clock.now());
    if (wait === null) throw error;
    ctx.meter.retry(error);
    await pause(wait, error.code, ctx, clock);
  };
}

/** ms to wait before another attempt; null: no other attempt. */
function delayAfter(error: LonghaulError, failures: number, now: number): number | null {
  const delay = growingDelay(failures);
  if (error.reaction === 'throttled') {
    // A source may say "at once" for ever: it is not asked faster for that.
    const wait = Math.max(delay, (error.until ?? now) - now);
    return wait <= INLINE_WAIT_MS ? wait : null;
  }
  const last = error.reaction !== 'transient' || failures >= (ERRORS[error.code].attempts ?? 1);
  return last ? null : delay;
}

/** With chance in it, so that lanes that failed together do not come back together. */
function growingDelay(failures: number): number {
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return most * (0.5 + Math.random() / 2);
}

async function pause(ms: number, reason: string, ctx: Context, clock: Clock): Promise<void> {
  ctx.meter.waiting(clock.now() + ms, reason);
  await clock.sleep(ms, ctx.stop);
  ctx.meter.waiting(null, reason);
  if (ctx.stop.aborted) throw new Stopped('told to stop while waiting');
}
