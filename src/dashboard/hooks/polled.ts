// Asks again and again, politely: after the answer, only while the page is seen, and ever more seldom while it fails.
import { useEffect, useState } from 'preact/hooks';
import type { Trouble } from '../api.js';
import { useVisible } from './visible.js';

export interface Polled<T> {
  /** The newest answer; null before the first one. */
  readonly data: T | null;
  /** What the last call met; null where it was answered. */
  readonly trouble: Trouble | null;
}

const LONGEST_PAUSE_MS = 30_000;

/** May show a first answer that its whole answer will replace: it counts only where there is none yet. */
export type Ask<T> = (showFirst: (data: T) => void) => Promise<T>;

/** `key` says what is asked for: with another one, the answer of before is forgotten. */
export function usePolled<T>(key: string, ask: Ask<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<Polled<T> & { readonly key: string }>(() => nothing(key));
  const showFirst = (data: T): void =>
    setState((before) => (before.key === key && before.data ? before : { key, data, trouble: null }));
  const visible = useVisible();
  useEffect(() => {
    if (!visible) return undefined;
    return repeat(everyMs, async (isCurrent) => {
      const answer = await ask((data) => isCurrent() && showFirst(data)).then(
        (data) => ({ data, trouble: null }),
        (error: unknown) => ({ trouble: error as Trouble }),
      );
      if (isCurrent()) setState((before) => ({ ...(before.key === key ? before : nothing(key)), ...answer }));
      return answer.trouble === null;
    });
  }, [key, everyMs, visible]);
  return state.key === key ? state : nothing(key);
}

function nothing<T>(key: string): Polled<T> & { readonly key: string } {
  return { key, data: null, trouble: null };
}

/** `once` answers whether it worked. Returns how to stop. */
function repeat(everyMs: number, once: (isCurrent: () => boolean) => Promise<boolean>): () => void {
  let stopped = false;
  let timer = 0;
  const run = async (pause: number): Promise<void> => {
    const worked = await once(() => !stopped);
    const next = worked ? everyMs : Math.min(pause * 2, LONGEST_PAUSE_MS);
    if (!stopped) timer = setTimeout(() => void run(next), next);
  };
  void run(everyMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
