// Holds the requests of a connection back once an answer says that none are left, until they renew: a refusal would tell
// no more, and some sources count those too.
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { INLINE_WAIT_MS } from '../../core/waits.js';
import type { Headers } from './headers.js';
import { throwIfStopped } from './limiter.js';
import { closedUntil } from './retry-after.js';

export interface Allowance {
  /** Takes note of what an answer says. */
  heard(headers: Headers): void;
  /**
   * Resolves when the next request may be sent. Throws `Stopped`, and `source_throttled` where the wait is one that a job
   * does not sit out. `what` names the request.
   */
  ready(ctx: Context, what: string): Promise<void>;
}

export interface AllowanceDeps {
  /** Epoch ms. */
  readonly now: () => number;
  /** Resolves after so many ms, or at once when the context stops. */
  readonly wait: (ctx: Context, ms: number) => Promise<void>;
}

export function createAllowance({ now, wait }: AllowanceDeps): Allowance {
  let until = -Infinity;
  return {
    heard(headers) {
      // Answers can come in another order than they were given: the one that says more is the later one.
      until = Math.max(until, closedUntil(headers, now()) ?? -Infinity);
    },
    async ready(ctx, what) {
      for (let ms = until - now(); ms > 0; ms = until - now()) {
        if (ms > INLINE_WAIT_MS) throw spent(what, until);
        await wait(ctx, ms);
        throwIfStopped(ctx);
      }
    },
  };
}

function spent(what: string, until: number): LonghaulError {
  const message = `${what} was not sent: by its last answer the source takes no more requests for now.`;
  return new LonghaulError('source_throttled', message, { until });
}
