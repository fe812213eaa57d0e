// The rates of the jobs that this page has looked at, for the plot. The API knows only the present one.
import type { Job } from '../../core/job.js';

/** Records a second at a moment in epoch ms. */
export interface Sample {
  readonly at: number;
  readonly rate: number;
}

/** More are thinned out, so that a page left open for weeks stays small. */
const MOST_SAMPLES = 400;
/** Of the jobs looked at, the latest. */
const MOST_JOBS = 20;

const remembered = new Map<string, readonly Sample[]>();

/** A job that is at rest has a rate of 0; an ended one has none. `now` in epoch ms. */
export function remember({ id, endedAt, progress }: Job, now: number): void {
  if (endedAt !== null) return;
  const samples = [...samplesOf(id), { at: now, rate: progress.recordsPerSecond ?? 0 }];
  remembered.delete(id);
  remembered.set(id, samples.length > MOST_SAMPLES ? thinned(samples) : samples);
  const [oldest] = remembered.keys();
  if (remembered.size > MOST_JOBS && oldest !== undefined) remembered.delete(oldest);
}

export function samplesOf(id: string): readonly Sample[] {
  return remembered.get(id) ?? [];
}

/** Each two become one, at the time of the later. */
export function thinned(samples: readonly Sample[]): Sample[] {
  return samples.flatMap((sample, i) => {
    const before = samples[i - 1];
    if (i % 2 === 0 || !before) return i === samples.length - 1 ? [sample] : [];
    return [{ at: sample.at, rate: (before.rate + sample.rate) / 2 }];
  });
}

/** What the plot shows: the average of the time that nobody watched, then what was seen. */
export interface Curve {
  readonly from: number;
  readonly to: number;
  /** Over the unwatched beginning; null where all was watched. */
  readonly average: { readonly until: number; readonly rate: number } | null;
  readonly samples: readonly Sample[];
  /** The highest rate of both, at least 1. */
  readonly top: number;
}

/** null: the job has not begun. `now` in epoch ms. */
export function curveOf(job: Job, samples: readonly Sample[], now: number): Curve | null {
  if (job.startedAt === null) return null;
  const from = Date.parse(job.startedAt);
  const to = Math.max(from + 1, job.endedAt === null ? now : Date.parse(job.endedAt));
  const seen = samples.filter(({ at }) => at >= from && at <= to);
  const until = seen[0]?.at ?? to;
  const rate = averageUntil(job, seen, from, until);
  const top = Math.max(1, rate, ...seen.map((sample) => sample.rate));
  return { from, to, average: until - from < 1_000 ? null : { until, rate }, samples: seen, top };
}

/** The records that the watched time does not account for, over the time before it. */
function averageUntil({ progress }: Job, seen: readonly Sample[], from: number, until: number): number {
  const watched = seen.slice(1).reduce((sum, { at, rate }, i) => sum + rate * (at - (seen[i]?.at ?? at)), 0);
  return Math.max(0, (progress.records - watched / 1_000) / ((until - from) / 1_000 || 1));
}
