// Looks at a watched job once a second, for all who watch it together, and only as long as somebody does.
import { ENDED, type Job } from '../core/job.js';

const LOOK_EVERY_MS = 1_000;
/** Watchers that are told in one turn of the event loop: other requests are answered in between. */
const TOLD_AT_ONCE = 25;

/** What was seen: the job, or what went wrong. */
export type Look = { readonly job: Job } | { readonly error: unknown };

/** Called after every look that comes. */
export type Watcher = (look: Look) => void;

export interface Watch {
  /** The job as it was seen within the last second, or is now. Throws what looking at it throws. */
  look(id: string): Promise<Job>;
  /** Begins to watch, with the next look; returns how to stop. */
  begin(id: string, watcher: Watcher): () => void;
}

export interface WatchDeps {
  readonly show: (id: string) => Promise<Job>;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** A job that is watched, or was looked at less than a second ago. */
interface Watched {
  readonly watchers: Set<Watcher>;
  /** When the last look began. */
  readonly at: number;
  readonly seen: Promise<Look>;
}

export function createWatch({ show, clock }: WatchDeps): Watch {
  const all = new Map<string, Watched>();

  /** And again a second later, if somebody watches by then. */
  function lookAgain(id: string, watchers: Set<Watcher>): Watched {
    const seen = show(id).then(
      (job): Look => ({ job }),
      (error: unknown): Look => ({ error }),
    );
    const entry = { watchers, at: clock(), seen };
    all.set(id, entry);
    void tellAndGoOn(id, entry);
    return entry;
  }

  async function tellAndGoOn(id: string, { watchers, at, seen }: Watched): Promise<void> {
    await tell(watchers, await seen);
    const again = () => (watchers.size > 0 ? lookAgain(id, watchers) : all.delete(id));
    setTimeout(again, Math.max(at + LOOK_EVERY_MS - clock(), 0)).unref();
  }

  return {
    look: async (id) => {
      const known = all.get(id);
      const seen = await (known ?? lookAgain(id, new Set())).seen;
      if ('error' in seen) throw seen.error;
      // What has ended may have been retried since.
      return known && ENDED.includes(seen.job.state) ? show(id) : seen.job;
    },
    begin: (id, watcher) => {
      const { watchers } = all.get(id) ?? lookAgain(id, new Set());
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

async function tell(watchers: ReadonlySet<Watcher>, look: Look): Promise<void> {
  let told = 0;
  for (const watcher of watchers) {
    watcher(look);
    if (++told % TOLD_AT_ONCE === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** The looks at a job one after the other, until `signal` aborts. A slow reader misses looks, not news. */
export async function* looksAt(watch: Watch, id: string, signal: AbortSignal): AsyncGenerator<Look> {
  let newest: Look | null = null;
  let wake: (() => void) | null = null;
  const unwatch = watch.begin(id, (look) => {
    newest = look;
    wake?.();
  });
  signal.addEventListener('abort', () => wake?.(), { once: true });
  try {
    while (!signal.aborted) {
      const look: Look | null = newest;
      newest = null;
      if (look) yield look;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unwatch();
  }
}
