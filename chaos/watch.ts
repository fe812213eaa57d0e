// Watches the jobs that run, and tells how long after a fault each of them is seen to go on.
import { setTimeout as pause } from 'node:timers/promises';
import { ENDED, type Job } from '../src/core/job.js';
import type { LonghaulInstance } from '../test/support/harness.js';
import type { FaultKind } from './schedule.js';

/** From a fault that struck while jobs ran. */
export interface Recovery {
  readonly kind: FaultKind;
  /** Until the last of them went on. */
  readonly ms: number;
}

export interface Watch {
  /** Those that run now and were not paused. */
  running(): readonly Job[];
  follow(id: string): void;
  /**
   * A fault has struck now: begins to wait until every job that runs has shown new durable work, or has ended. One that
   * strikes into the recovery from another `restarts` the time of that, too.
   */
  struck(kind: FaultKind, how: { restarts: boolean }): void;
  recoveries(): readonly Recovery[];
  /** Looks no more. */
  close(): Promise<void>;
}

interface Follower {
  /** Null: it was not seen yet since the fault struck. */
  records: number | null;
  /** Takes the time of the request that saw it go on; null: nobody looks any more. */
  readonly done: (at: number | null) => void;
}

const EVERY_MS = 100;
const STILL: ReadonlySet<Job['state']> = new Set(['paused', 'waiting', 'queued']);

export function createWatch(longhaul: LonghaulInstance): Watch {
  const jobs = new Map<string, Job | null>();
  const followers = new Map<string, Follower[]>();
  const recoveries: Recovery[] = [];
  const closing = new AbortController();
  let lastRestart = 0;

  const look = async (id: string): Promise<void> => {
    const waiting = [...(followers.get(id) ?? [])];
    const asked = performance.now();
    const answer = await longhaul.call<Job>('GET', `/v1/jobs/${id}`).catch(() => null);
    if (answer?.status !== 200) return;
    const job = answer.body;
    jobs.set(id, job);
    for (const follower of waiting) if (wentOn(follower, job, asked)) remove(id, follower);
    if (ENDED.includes(job.state)) jobs.delete(id);
  };

  const wentOn = (follower: Follower, { state, progress }: Job, asked: number): boolean => {
    const ended = ENDED.includes(state);
    if (!ended && follower.records === null) follower.records = progress.records;
    if (!ended && progress.records <= follower.records!) return false;
    follower.done(asked);
    return true;
  };

  const remove = (id: string, follower: Follower): void => {
    const left = (followers.get(id) ?? []).filter((each) => each !== follower);
    followers.set(id, left);
  };

  const looking = (async () => {
    while (!closing.signal.aborted) {
      await Promise.all([...jobs.keys()].map(look));
      await pause(EVERY_MS);
    }
  })();

  const running = (): Job[] =>
    [...jobs.values()].filter((job) => job !== null && !STILL.has(job.state)) as Job[];

  const goesOn = ({ id }: Job): Promise<number | null> =>
    new Promise((done) => {
      const follower: Follower = { records: null, done };
      followers.set(id, [...(followers.get(id) ?? []), follower]);
    });

  const measure = async (kind: FaultKind, struck: number): Promise<void> => {
    const times = await Promise.all(
      running().map(async (job) => {
        const at = await goesOn(job);
        return at === null ? null : Math.max(0, at - Math.max(struck, lastRestart));
      }),
    );
    const known = times.filter((ms) => ms !== null);
    if (known.length > 0) recoveries.push({ kind, ms: Math.max(...known) });
  };

  return {
    running,
    follow: (id) => void jobs.set(id, null),
    struck(kind, { restarts }) {
      const now = performance.now();
      if (restarts) lastRestart = now;
      void measure(kind, now);
    },
    recoveries: () => recoveries,
    async close() {
      closing.abort();
      await looking;
      for (const each of [...followers.values()].flat()) each.done(null);
    },
  };
}
