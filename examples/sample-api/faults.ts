// Decides when the sample API is in a bad mood. Seeded, so that a run can be repeated; a page that was refused once is
// answered the next time.
import { scramble } from './records.js';

export const FAULTS = ['429', '500', 'cut off'] as const;
export type FaultKind = (typeof FAULTS)[number];

/** The fault for this request of a page, or null: answer it. */
export type Mood = (page: string) => FaultKind | null;

const ONE_IN = 12;

export function createMood(seed: number): Mood {
  const asked = new Map<string, number>();
  const refused = new Set<string>();
  return (page) => {
    const times = (asked.get(page) ?? 0) + 1;
    asked.set(page, times);
    if (refused.delete(page)) return null;
    const chance = scramble(seed + times, hashOf(page));
    if (chance % ONE_IN !== 0) return null;
    refused.add(page);
    return FAULTS[Math.floor(chance / ONE_IN) % FAULTS.length] ?? null;
  };
}

/** Lets `perSecond` requests through in a second, a fifth of them at once. */
export function createRateLimit(perSecond: number): () => boolean {
  const burst = Math.max(1, perSecond / 5);
  let tokens = burst;
  let last = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - last) / 1_000) * perSecond);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

function hashOf(text: string): number {
  return Array.from(text).reduce((hash, letter) => scramble(hash, letter.charCodeAt(0)), 0);
}
