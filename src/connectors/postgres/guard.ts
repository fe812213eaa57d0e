// Bounds every wait for the server: by its silence and by the job's signal.
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { asLonghaulError } from './errors.js';

/** Resolves as `work` does. Throws `LonghaulError`, or `Stopped` when the job's signal aborts. */
export type Guarded = <T>(work: Promise<T>) => Promise<T>;

export interface GuardOptions {
  readonly ctx: Context;
  readonly timeoutMs: number;
  /** Begins the messages of errors. */
  readonly where: string;
  /** Ends what `work` waits for, after any failure. */
  readonly breakOff: (error: Error) => void;
  /** What a failure of the server means; default: as for a reader. */
  readonly explain?: (error: unknown, where: string) => Error;
}

export function guard({ ctx, timeoutMs, where, breakOff, explain = asLonghaulError }: GuardOptions): Guarded {
  const { signal } = ctx;
  const silent = () => new LonghaulError('source_timeout', `${where}: no answer for ${timeoutMs / 1_000} s`);
  return (work) =>
    new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: Error) => {
        finish();
        breakOff(error);
        reject(error);
      };
      const onAbort = () => giveUp(new Stopped('broken off'));
      const timer = setTimeout(() => giveUp(silent()), timeoutMs);
      signal.addEventListener('abort', onAbort);
      work.finally(finish).then(resolve, (error: unknown) => giveUp(explain(error, where)));
      if (signal.aborted) onAbort();
    });
}
