// Which objects of a stream are wanted: glob patterns over their keys.
import picomatch from 'picomatch';

export interface Patterns {
  /** A key that matches one of them; default: all keys. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export type Filter = (key: string) => boolean;

/** `*` stays within a part of a key, `**` does not; names that begin with a dot are like others. */
export function createFilter({ include = [], exclude = [] }: Patterns): Filter {
  const isIn = include.length === 0 ? () => true : picomatch([...include], { dot: true });
  const isOut = exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true });
  return (key) => isIn(key) && !isOut(key);
}
