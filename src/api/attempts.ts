// Holds back whoever tries keys: after some wrong ones within a minute from an address, the next are not looked into the
// log any more but told to wait. A right key is always taken, since nobody can guess one, and nobody is to lock out others.

/** Counts a wrong key. Seconds to wait, where there were too many; else null. */
export type Attempts = (address: string) => number | null;

const WINDOW_MS = 60_000;
/** The oldest are forgotten first, so that memory stays flat whoever calls. */
const ADDRESSES = 10_000;

/** `most`: wrong keys from an address within a minute that are looked into. */
export function createAttempts(clock: () => number, most: number): Attempts {
  const counts = new Map<string, { wrong: number; readonly until: number }>();
  return (address) => {
    const now = clock();
    const known = counts.get(address);
    const count = known && known.until > now ? known : { wrong: 0, until: now + WINDOW_MS };
    if (count !== known) counts.delete(address);
    counts.set(address, count);
    if (counts.size > ADDRESSES) counts.delete(counts.keys().next().value!);
    count.wrong += 1;
    return count.wrong > most ? Math.ceil((count.until - now) / 1000) : null;
  };
}
