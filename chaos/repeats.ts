// How many pages a job asked the API for again, and how many the faults of its time excuse.
import type { FakeApi } from '../test/support/fake-api.js';
import type { FaultKind } from './schedule.js';
import { CHECKPOINT } from './stage.js';

/** Of the API: each of its streams is read by one lane at a time. */
const STREAMS = 2;
/**
 * What one fault may cost each stream, in pages: what was read since the checkpoint, the page that stands, and one that was
 * asked for ahead. More where the old attempt goes on beside the new one: until a heartbeat tells it that it was given up,
 * it can come to its next checkpoint.
 */
const A_STREAM = CHECKPOINT + 2;
const COSTS: Partial<Record<FaultKind, number>> = {
  'worker SIGKILL': A_STREAM,
  'all workers SIGKILL': A_STREAM,
  'worker SIGSTOP, SIGCONT': 2 * A_STREAM,
  'Temporal SIGKILL': 3 * A_STREAM,
  'network cut for long': 3 * A_STREAM,
  // The sink throws away what it could not write.
  'disk fills': A_STREAM,
};
/** A sleeper may wake in the job after the one in which it fell asleep. */
const LINGERS_MS = 15_000;

export interface Struck {
  readonly kind: FaultKind;
  /** `performance.now()` when it was over: it may have waited long for its victim. Infinity until then. */
  over: number;
}

export function countRepeats(api: FakeApi) {
  const begin = api.requests.length;
  const began = performance.now();
  return {
    /** Throws where more was repeated than these faults excuse. `retried`: how often a full disk has ended the job. */
    end(struck: readonly Struck[], retried: number): { pages: number; repeated: number } {
      const served = api.requests.slice(begin).filter(({ status, fault }) => status === 200 && !fault);
      const pages = new Set(served.map(({ stream, start }) => `${stream} ${start}`)).size;
      const repeated = served.length - pages;
      const since = struck.filter(({ over }) => over > began - LINGERS_MS);
      const faults = since.reduce((sum, { kind }) => sum + (COSTS[kind] ?? 0), 0);
      const excused = (faults + retried * A_STREAM) * STREAMS;
      if (repeated <= excused) return { pages: served.length, repeated };
      const kinds = since.map(({ kind }) => kind).join('; ');
      throw new Error(`${repeated} pages served again, ${excused} excused by: ${kinds}`);
    },
  };
}
