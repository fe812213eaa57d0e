// Runs jobs side by side and gives their results in order, within bounds of number and bytes.
import { Stopped } from '../../core/errors.js';

export interface Bounds {
  /** Jobs at once. */
  readonly count: number;
  /** Of the results that were not taken yet. A job is begun while less is under way. */
  readonly bytes: number;
}

export interface Done<J, R> {
  readonly job: J;
  readonly result: R;
}

/**
 * Begins nothing once `stop` aborts: what was begun is still given, then it throws `Stopped`. Waits for what is under way
 * when it is left.
 */
export async function* inOrder<J extends { readonly bytes: number }, R>(
  jobs: AsyncGenerator<J>,
  run: (job: J) => Promise<R>,
  { count, bytes }: Bounds,
  stop: AbortSignal,
): AsyncGenerator<Done<J, R>> {
  const begun: { readonly job: J; readonly result: Promise<R> }[] = [];
  let size = 0;
  let ended = false;

  async function begin(): Promise<void> {
    const step = await jobs.next().catch((error: unknown) => {
      if (!(error instanceof Stopped && stop.aborted)) throw error;
      return null; // what was begun is given first
    });
    if (!step) return;
    if (step.done) ended = true;
    else if (!stop.aborted) {
      const result = run(step.value);
      result.catch(() => undefined); // thrown where it is awaited, which may be later
      begun.push({ job: step.value, result });
      size += step.value.bytes;
    }
  }

  try {
    for (;;) {
      while (!ended && !stop.aborted && begun.length < count && size < bytes) await begin();
      const first = begun.shift();
      if (!first) break;
      const result = await first.result;
      size -= first.job.bytes;
      yield { job: first.job, result };
    }
    if (!ended) throw new Stopped();
  } finally {
    await Promise.allSettled(begun.map(({ result }) => result));
    await jobs.return(undefined);
  }
}
