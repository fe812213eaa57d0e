// How fast one chunk may ask, where its job is held to a pace while it runs.
import type { Meter } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Clock } from './clock.js';

export interface Pace {
  /** A request was sent. One that had no turn is made up for before the next. */
  sent(): void;
  /** Resolves when one more request may be sent, in the order of the calls. Throws `Stopped`. */
  turn(stop: AbortSignal, meter: Meter): Promise<void>;
  /** Resolves when everything sent so far is made up for. Throws `Stopped`. */
  evened(stop: AbortSignal, meter: Meter): Promise<void>;
}

/** Longer waits are shown. */
const NOTABLE_MS = 1_000;
const REASON = 'pace of the job';

export function createPace(perSecond: number, clock: Clock): Pace {
  const interval = 1_000 / perSecond;
  let nextDue = 0;
  /** Turns that were given and not used yet. */
  let turns = 0;

  async function waitUntil(due: number, stop: AbortSignal, meter: Meter): Promise<void> {
    const wait = due - clock.now();
    if (wait <= 0) return;
    if (wait > NOTABLE_MS) meter.waiting(due, REASON);
    await clock.sleep(wait, stop);
    if (wait > NOTABLE_MS) meter.waiting(null, REASON);
    if (stop.aborted) throw new Stopped('told to stop while waiting');
  }

  function reserve(): number {
    const due = Math.max(nextDue, clock.now());
    nextDue = due + interval;
    return due;
  }

  return {
    sent() {
      if (turns > 0) turns -= 1;
      else reserve();
    },
    async turn(stop, meter) {
      await waitUntil(reserve(), stop, meter);
      turns += 1;
    },
    evened: (stop, meter) => waitUntil(nextDue, stop, meter),
  };
}
