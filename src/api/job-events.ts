// Which events a watcher is sent when a job was looked at again. Pure.
import { ENDED, JOB_STATES, type Job, type JobProgress, type JobState } from '../core/job.js';

export interface JobEvent {
  readonly event: 'progress' | 'state' | 'done';
  /** What `Last-Event-ID` brings back. */
  readonly id: string;
  readonly job: Job;
}

/** The figures that never go back while a job is watched. */
const COUNTS = ['records', 'bytes', 'pages', 'requests', 'retries', 'rejects'] as const;
type Counts = Pick<JobProgress, (typeof COUNTS)[number]>;

/** What a watcher has seen so far. */
export interface Seen {
  readonly state: JobState | null;
  readonly done: boolean;
  readonly counts: Counts;
  /** The last job sent; null right after a reconnect. */
  readonly job: Job | null;
}

const NOTHING: Counts = { records: 0, bytes: 0, pages: 0, requests: 0, retries: 0, rejects: 0 };

/** From the header `Last-Event-ID`; anything that is no id of ours counts as nothing seen. */
export function seenOf(lastEventId: string | undefined): Seen {
  const [event, state, ...figures] = (lastEventId ?? '').split('.');
  const counts = figures.map(Number);
  const known = JOB_STATES.find((name) => name === state);
  if (!known || counts.length !== COUNTS.length || !counts.every((n) => n >= 0)) {
    return { state: null, done: false, counts: NOTHING, job: null };
  }
  const entries = COUNTS.map((name, index) => [name, counts[index]]);
  return { state: known, done: event === 'done', counts: Object.fromEntries(entries) as Counts, job: null };
}

/** The events to send, and what the watcher has seen after them. */
export function eventsOf(
  seen: Seen,
  now: Job,
): { readonly events: readonly JobEvent[]; readonly seen: Seen } {
  const job = forward(seen, now);
  const ended = ENDED.includes(job.state);
  const names: JobEvent['event'][] = [];
  if (job.state !== seen.state) names.push('state');
  else if (!ended && moved(seen.job, job)) names.push('progress');
  if (ended) names.push('done');
  const events = names.map((event) => ({ event, id: idOf(event, job), job }));
  return { events, seen: { state: job.state, done: ended, counts: job.progress, job } };
}

/** A chunk that just ended is for a moment neither running nor added up: the figures hold still then. */
function forward({ counts }: Seen, job: Job): Job {
  if (COUNTS.every((name) => counts[name] <= job.progress[name])) return job;
  const held = COUNTS.map((name) => [name, Math.max(counts[name], job.progress[name])]);
  return { ...job, progress: { ...job.progress, ...(Object.fromEntries(held) as Counts) } };
}

function moved(before: Job | null, job: Job): boolean {
  return before === null || figures(before) !== figures(job);
}

const figures = once(({ progress, streams }: Job) => JSON.stringify([progress, streams]));

/** The job as it is sent. */
export const textOf = once((job: Job) => JSON.stringify(job));

/** Written once, for however many watchers have seen the same job. */
function once(write: (job: Job) => string): (job: Job) => string {
  const written = new WeakMap<Job, string>();
  return (job) => {
    const text = written.get(job) ?? write(job);
    written.set(job, text);
    return text;
  };
}

function idOf(event: JobEvent['event'], { state, progress }: Job): string {
  return [event, state, ...COUNTS.map((name) => progress[name])].join('.');
}
