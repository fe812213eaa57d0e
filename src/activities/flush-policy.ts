// When a checkpoint is due, and when a chunk has done its share.

export interface CheckpointPolicy {
  readonly seconds: number;
  readonly bytes: number;
  readonly pages: number;
  /** Sent to the source: what a worker that dies has asked for in vain. */
  readonly requests: number;
}

export const DEFAULT_CHECKPOINT: CheckpointPolicy = {
  seconds: 10,
  bytes: 16_777_216,
  pages: Infinity,
  requests: 256,
};

/** A chunk ends after this much, so that lanes stay steerable and no activity grows old. */
export const CHUNK_BUDGET = { ms: 300_000, bytes: 4 * 1_073_741_824 };

/** The first checkpoint comes after a second, so that progress is soon seen and a worker that dies young loses little. */
const FIRST_FLUSH_MS = 1_000;

export interface FlushPolicy {
  /** Counts a written page; says whether a checkpoint is due now. `requests`: sent since the last one. */
  due(bytes: number, requests: number, now: number): boolean;
  flushed(now: number): void;
}

export function createFlushPolicy(policy: CheckpointPolicy, start: number): FlushPolicy {
  const longest = policy.seconds * 1_000;
  let interval = Math.min(FIRST_FLUSH_MS, longest);
  let last = start;
  let bytes = 0;
  let pages = 0;
  return {
    due(added, requests, now) {
      bytes += added;
      pages += 1;
      // The clock of a machine can be set back: what has passed until then is lost, not what comes.
      last = Math.min(last, now);
      const isMuch = bytes >= policy.bytes || pages >= policy.pages || requests >= policy.requests;
      return isMuch || now - last >= interval;
    },
    flushed(now) {
      interval = Math.min(interval * 2, longest);
      last = now;
      bytes = 0;
      pages = 0;
    },
  };
}

/** Counts what was written; says whether the chunk has done its share. `start` and `now` in epoch ms. */
export function createBudget(start: number): (bytes: number, now: number) => boolean {
  let total = 0;
  let since = start;
  return (bytes, now) => {
    total += bytes;
    since = Math.min(since, now);
    return now - since >= CHUNK_BUDGET.ms || total >= CHUNK_BUDGET.bytes;
  };
}
