// Trying again with sense: bounded in a row for faults, as long as it says for a source that asks to wait.
import { setTimeout as delay } from 'node:timers/promises';
import type { Context, Cursor, Page, Partition, Source } from '../core/connector.js';
import { ERRORS, LonghaulError, Stopped } from '../core/errors.js';
import type { Clock } from './deps.js';

/** A wait up to this is slept in the chunk; a longer one is given to the workflow, which sleeps durably. */
const INLINE_WAIT_MS = 30_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Reads on from the last page when reading fails in a way that may pass. */
export function patient(source: Source, clock: Clock): Source {
  return {
    streams: (ctx, names) => source.streams(ctx, names),
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
  let cursor = from;
  let failures = 0;
  for (;;) {
    try {
      for await (const page of source.read(ctx, stream, partition, cursor)) {
        yield page;
        failures = 0;
        if (page.next === null) return;
        cursor = page.next;
      }
      return;
    } catch (error) {
      failures += 1;
      await waitOut(error, failures, ctx, clock);
    }
  }
}

/** Runs something that may be repeated whole, with the same patience. */
export async function patiently<T>(ctx: Context, clock: Clock, run: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      await waitOut(error, failures, ctx, clock);
    }
  }
}

/** Resolves when it is time to try again; throws the error where that is no use, `Stopped` when told to stop. */
async function waitOut(error: unknown, failures: number, ctx: Context, clock: Clock): Promise<void> {
  const wait = delayAfter(error, failures, clock.now());
  if (wait === null) throw error;
  ctx.meter.retry(error as Error);
  await pause(wait, (error as LonghaulError).code, ctx, clock);
}

/** ms to wait before another attempt; null: no other attempt. */
function delayAfter(error: unknown, failures: number, now: number): number | null {
  if (!(error instanceof LonghaulError)) return null;
  if (error.reaction === 'throttled') {
    const wait = Math.max(0, (error.until ?? now + FIRST_DELAY_MS) - now);
    return wait <= INLINE_WAIT_MS ? wait : null;
  }
  if (error.reaction !== 'transient' || failures >= (ERRORS[error.code].attempts ?? 1)) return null;
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return most * (0.5 + Math.random() / 2);
}

async function pause(ms: number, reason: string, ctx: Context, clock: Clock): Promise<void> {
  ctx.meter.waiting(clock.now() + ms, reason);
  try {
    await delay(ms, undefined, { signal: ctx.stop });
  } catch {
    throw new Stopped('told to stop while waiting');
  } finally {
    ctx.meter.waiting(null, reason);
  }
}
