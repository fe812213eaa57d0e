// Ties an activity to Temporal: heartbeats while it works, and a stop in two steps when it must end.
import { Context as ActivityContext } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Context, Meter } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Clock } from './clock.js';
import { handover, toFailure } from './failures.js';

/** The worker's throttle lets about as many through, so a cancel is heard within half a second. */
const BEAT_MS = 400;
/** What is in flight when told to stop may take this long, so that no page is fetched twice; then it is broken off. */
const GRACE_MS = 1_200;

/**
 * What attempts leave for the next one beside the details of their work: how many of them ended by an error. Temporal's own
 * count has lost workers and hand-overs in it, which may come any number of times.
 */
type Left = object & { readonly failures?: number };

export interface Lifeline {
  readonly stop: AbortSignal;
  readonly signal: AbortSignal;
  /** Beats these details from now on, and once more where the work throws: the next attempt is given the newest. */
  beat(details: () => object): void;
  /** The worker is going away, or has slept; the job goes on elsewhere. */
  isHandover(): boolean;
}

/** Runs an activity's work on a lifeline; what it throws becomes an ApplicationFailure. */
export async function onLifeline<T>(clock: Clock, work: (line: Lifeline) => Promise<T>): Promise<T> {
  const activity = ActivityContext.current();
  const [stop, signal] = [new AbortController(), new AbortController()];
  const before = activity.info.heartbeatDetails as Left | undefined;
  let details: () => object | undefined = () => before;
  let failures = before?.failures ?? 0;
  const beat = (): void => activity.heartbeat(failures === 0 ? details() : { ...details(), failures });
  let breakOff: NodeJS.Timeout | undefined;

  const onCancel = (): void => {
    stop.abort('stopped');
    breakOff = setTimeout(() => signal.abort(), GRACE_MS);
  };
  if (activity.cancellationSignal.aborted) onCancel();
  else activity.cancellationSignal.addEventListener('abort', onCancel, { once: true });
  let isLost = false;
  const onLoss = (): void => {
    isLost = true;
    stop.abort('stopped');
    signal.abort();
  };
  const beats = everyBeat(activity.info.heartbeatTimeoutMs, onLoss, beat);
  const isHandover = (): boolean => isLost || isShutdown(activity.cancellationSignal.reason);
  const failureOf = (error: unknown): Error => {
    if (error instanceof ApplicationFailure) return error;
    const stopped = error instanceof Stopped && stop.signal.aborted;
    if (stopped) return isHandover() ? handover() : new CancelledFailure('stopped');
    failures += 1;
    return toFailure(error, failures, clock.now());
  };

  try {
    return await work({
      stop: stop.signal,
      signal: signal.signal,
      beat: (next) => void (details = next),
      isHandover,
    });
  } catch (error) {
    const failure = failureOf(error);
    beat();
    throw failure;
  } finally {
    clearInterval(beats);
    clearTimeout(breakOff);
    activity.cancellationSignal.removeEventListener('abort', onCancel);
  }
}

/**
 * A process that slept past its heartbeat timeout has lost its work to another one. It need not be told so by Temporal: it
 * lets go before it asks for one page more.
 */
function everyBeat(timeoutMs = Infinity, onLoss: () => void, beat: () => void): NodeJS.Timeout {
  let last = performance.now();
  return setInterval(() => {
    const now = performance.now();
    if (now - last > timeoutMs) onLoss();
    last = now;
    beat();
  }, BEAT_MS);
}

function isShutdown(reason: unknown): boolean {
  return reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN';
}

const silent: Meter = { request: () => undefined, retry: () => undefined, waiting: () => undefined };

/** A context for calls whose requests nobody counts. */
export function quietContext({ stop, signal }: Pick<Lifeline, 'stop' | 'signal'>): Context {
  return { stop, signal, meter: silent };
}
