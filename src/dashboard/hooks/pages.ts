// A list that comes in pages, one more each time it is asked for.
import { useEffect, useState } from 'preact/hooks';
import type { Trouble } from '../api.js';
import type { Query } from '../route.js';

interface Listed<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; null: there is none; undefined: none was asked for yet. */
  readonly next?: string | null;
}

export interface Pages<T> extends Listed<T> {
  readonly trouble: Trouble | null;
  readonly more: () => void;
}

type Ask<T> = (page: Query) => Promise<Required<Listed<T>>>;

/** Begins anew with another `key`. */
export function usePages<T>(key: string, ask: Ask<T>): Pages<T> {
  const [listed, setListed] = useState<Listed<T>>({ items: [] });
  const [trouble, setTrouble] = useState<Trouble | null>(null);

  const read = async (before: Listed<T>, isCurrent = () => true): Promise<void> => {
    try {
      const { items, next } = await ask(before.next ? { cursor: before.next } : {});
      if (!isCurrent()) return;
      setListed({ items: [...before.items, ...items], next });
      setTrouble(null);
    } catch (error) {
      setTrouble(error as Trouble);
    }
  };
  useEffect(() => {
    let current = true;
    void read({ items: [] }, () => current);
    return () => void (current = false);
  }, [key]);
  return { ...listed, trouble, more: () => void read(listed) };
}
