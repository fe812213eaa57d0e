// Looks at a watched job twice a second, once for all who watch it, and only as long as somebody does.
import type { Job } from '../core/job.js';

const LOOK_EVERY_MS = 500;

/** What was seen: the job, or what went wrong. */
export type Look = { readonly job: Job } | { readonly error: unknown };

/** Called after every look. */
export type Watcher = (look: Look) => void;

/** Begins to watch; returns how to stop. */
export type Watch = (id: string, watcher: Watcher) => () => void;

export function createWatch(show: (id: string) => Promise<Job>): Watch {
  const watched = new Map<string, Set<Watcher>>();

  async function look(id: string, watchers: ReadonlySet<Watcher>): Promise<void> {
    if (watchers.size === 0) return;
    const seen: Look = await show(id).then(
      (job) => ({ job }),
      (error: unknown) => ({ error }),
    );
    for (const watcher of watchers) watcher(seen);
    setTimeout(() => void look(id, watchers), LOOK_EVERY_MS);
  }

  return (id, watcher) => {
    const watchers = watched.get(id) ?? new Set<Watcher>();
    watchers.add(watcher);
    if (!watched.has(id)) {
      watched.set(id, watchers);
      void look(id, watchers);
    }
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && watched.get(id) === watchers) watched.delete(id);
    };
  };
}

/** The looks at a job one after the other, until `signal` aborts. A slow reader misses looks, not news. */
export async function* looksAt(watch: Watch, id: string, signal: AbortSignal): AsyncGenerator<Look> {
  let newest: Look | null = null;
  let wake: (() => void) | null = null;
  const unwatch = watch(id, (look) => {
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
