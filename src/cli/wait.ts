// Waits for a job in front of somebody: progress, summary, exit code. Ctrl-C leaves the job alone.
import { ENDED, type Job } from '../core/job.js';
import type { Client } from './client.js';
import { summary } from './describe.js';
import { EXIT, printError } from './errors.js';
import type { Io } from './io.js';
import { createView, type View } from './progress.js';

export interface WaitOptions {
  /** Called for every event; in place of the progress view. */
  readonly onEvent?: (job: Job) => void;
  readonly json?: boolean;
}

/** Follows a job to its end and says how it went. Returns the exit code. */
export async function waitFor(
  io: Io,
  client: Client,
  id: string,
  options: WaitOptions = {},
): Promise<number> {
  const job = await endOf(io, client, id, options);
  if (!job) return EXIT.detached;
  if (!options.onEvent) printEnd(io, job, options.json ?? false);
  return exitOf(job);
}

/** The job when it has ended; null where somebody pressed Ctrl-C before. */
export async function endOf(
  io: Io,
  client: Client,
  id: string,
  { onEvent }: WaitOptions = {},
): Promise<Job | null> {
  const view = onEvent ? null : await createView(io);
  const job = await followToEnd(io, client, id, { view, onEvent }).finally(() => view?.stop());
  if (job && ENDED.includes(job.state)) return job;
  io.err(`Detached; the job goes on. Come back with: longhaul watch ${id}`);
  return null;
}

/** The last state that was seen; null where Ctrl-C came before the first. */
async function followToEnd(
  io: Io,
  client: Client,
  id: string,
  to: { readonly view: View | null; readonly onEvent: ((job: Job) => void) | undefined },
): Promise<Job | null> {
  const interrupted = new AbortController();
  const release = io.onInterrupt(() => interrupted.abort());
  const note = (line: string) => (to.view ? to.view.note(line) : io.err(line));
  let last: Job | null = null;
  try {
    const events = client.events(id, {
      signal: interrupted.signal,
      onGap: (gap) => note(`${gap.message}; trying again`),
    });
    for await (const { job } of events) {
      last = job;
      to.onEvent?.(job);
      to.view?.update(job);
    }
    return last;
  } finally {
    release();
  }
}

function printEnd(io: Io, job: Job, json: boolean): void {
  if (json) io.out(JSON.stringify(job));
  else for (const line of summary(job)) io.out(line);
  if (job.error) printError(io, job.error);
}

/** A verify job that found something wrong counts as failed, whatever its state. */
export function exitOf(job: Job): number {
  if (job.state === 'failed') return EXIT.failed;
  if (job.state === 'cancelled') return EXIT.cancelled;
  return (job.result?.findingsTotal ?? job.result?.findings?.length ?? 0) > 0 ? EXIT.failed : EXIT.done;
}
