// Counts what a chunk does: the meter it lends its source, the tallies of its checkpoints, the figures people see.
import { add, NO_TALLIES, type Tallies } from '../core/checkpoint.js';
import type { Meter, Page, Reject } from '../core/connector.js';
import { createRate } from '../core/rate.js';
import type { Wait } from '../core/work.js';
import { lengthOf } from '../records/chunks.js';

export interface Tally {
  readonly meter: Meter;
  /** Of the partition, whatever was flushed or not. */
  total(): Tallies;
  /** Goes on from what is durable. */
  begin(durable: Tallies): void;
  add(page: Page): void;
  /** Takes what the sink refuses out of what `add` counted, as rejects. */
  refuse(rejects: readonly Reject[]): void;
  wait(): Wait | null;
  /** Records a second over the last seconds, as of `now` in epoch ms. To be asked steadily. */
  rate(now: number): number;
}

/** What was done since it was last told. */
export type Work = Partial<Tallies> & { readonly checkpoints?: number };

export interface TallyOptions {
  /** Hears of each request that the source reports, after it was counted. */
  readonly requested: () => void;
  /** Hears of all work as it is done: some of it may come to nothing and be done again. */
  readonly observe: (work: Work) => void;
}

export function createTally({ requested, observe }: TallyOptions): Tally {
  let total = NO_TALLIES;
  let read = 0;
  let wait: Wait | null = null;
  const rate = createRate();
  return {
    meter: {
      request() {
        total = { ...total, requests: total.requests + 1 };
        observe({ requests: 1 });
        requested();
      },
      retry() {
        total = { ...total, retries: total.retries + 1 };
        observe({ retries: 1 });
      },
      waiting(until, reason) {
        wait = until === null ? null : { until, reason };
      },
    },
    total: () => total,
    begin: (durable) => void (total = durable),
    add(page) {
      const { records, rejects = [] } = page;
      const work = { records, bytes: bytesOf(page), pages: 1, rejects: recordsIn(rejects) };
      read += records;
      total = add(total, { ...NO_TALLIES, ...work });
      observe(work);
    },
    refuse(rejects) {
      const refused = recordsIn(rejects);
      observe({ rejects: refused });
      const bytes = rejects.reduce((sum, { payload }) => sum + (payload ? lengthOf(payload.chunks) : 0), 0);
      total = {
        ...total,
        records: total.records - refused,
        bytes: total.bytes - bytes,
        rejects: total.rejects + refused,
      };
    },
    wait: () => wait,
    rate(now) {
      rate.sample(read, now);
      return rate.perSecond();
    },
  };
}

/** Before compression; of a page that checks or copies stored objects, those. */
export function bytesOf({ payload, audit, copied }: Page): number {
  return audit?.bytes ?? copied?.bytes ?? lengthOf(payload.chunks);
}

function recordsIn(rejects: readonly Reject[]): number {
  return rejects.reduce((sum, { records }) => sum + records, 0);
}
