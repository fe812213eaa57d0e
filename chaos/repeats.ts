// How many pages a job asked the API for again, and how many the faults of its time excuse.
import type { FakeApi } from '../test/support/fake-api.js';
import type { FaultKind } from './schedule.js';

/** Of the API: each of its streams is read by one lane at a time. */
const STREAMS = 2;
/**
 * How many attempts one fault may cost each stream, each of them what was read since the checkpoint, the page that stands, and
 * one that was asked for ahead. More than one where the old attempt goes on beside the new one: until a heartbeat tells it that
 * it was given up, it can come to its next checkpoint.
 */
const ATTEMPTS: Partial<Record<FaultKind, number>> = {
  'worker SIGKILL': 1,
  'all workers SIGKILL': 1,
  'worker SIGSTOP, SIGCONT': 2,
  'Temporal SIGKILL': 3,
  'network cut for long': 3,
  // The sink throws away what it could not write.
  'disk fills': 1,
};
/** A sleeper may wake in the job after the one in which it fell asleep. */
const LINGERS_MS = 15_000;

export interface Struck {
  readonly kind: FaultKind;
  /** `performance.now()` when it was over: it may have waited long for its victim. Infinity until then. */
  over: number;
}

/** `checkpoint`: pages between two of the job; Infinity where only time makes them. */
export function countRepeats(api: FakeApi, checkpoint: number) {
  const begin = api.requests.length;
  const began = performance.now();
  return {
    /** Throws where more was repeated than these faults excuse. `retried`: how often a full disk has ended the job. */
    end(struck: readonly Struck[], retried: number): { pages: number; repeated: number } {
      const served = api.requests.slice(begin).filter(({ status, fault }) => status === 200 && !fault);
      const pages = new Set(served.map(({ stream, start }) => `${stream} ${start}`)).size;
      const repeated = served.length - pages;
      const since = struck.filter(({ over }) => over > began - LINGERS_MS);
      const attempts = since.reduce((sum, { kind }) => sum + (ATTEMPTS[kind] ?? 0), retried);
      const excused = attempts && attempts * (checkpoint + 2) * STREAMS;
      if (repeated <= excused) return { pages: served.length, repeated };
      const kinds = since.map(({ kind }) => kind).join('; ');
      throw new Error(`${repeated} pages served again, ${excused} excused by: ${kinds}`);
    },
  };
}
