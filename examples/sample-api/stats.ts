// What the sample API knows of itself: what it serves and what it was asked, so that a backup of it can be proven.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Collection } from './records.js';

export interface Stats {
  readonly requests: number;
  /** Answers that were refused or spoilt, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Pages that were served whole, each counted once. */
  readonly distinctPages: number;
  /** Pages that were served whole once more. */
  readonly repeatedPages: number;
  /** `digest`: sha256, in hex, of all records in order, a line feed after each. */
  readonly streams: readonly { readonly name: string; readonly records: number; readonly digest: string }[];
}

export interface Tally {
  request(): void;
  fault(kind: string): void;
  served(page: string): void;
  stats(): Promise<Stats>;
}

export function createTally(collections: readonly Collection[]): Tally {
  const faults: Record<string, number> = {};
  const pages = new Set<string>();
  let [requests, served] = [0, 0];
  let streams: Promise<Stats['streams']> | undefined;
  return {
    request: () => void (requests += 1),
    fault: (kind) => void (faults[kind] = (faults[kind] ?? 0) + 1),
    served(page) {
      pages.add(page);
      served += 1;
    },
    async stats() {
      streams ??= Promise.all(collections.map(describe));
      const distinctPages = pages.size;
      return {
        requests,
        faults,
        distinctPages,
        repeatedPages: served - distinctPages,
        streams: await streams,
      };
    },
  };
}

const RECORDS_A_TURN = 2_000;

async function describe({ name, count, record }: Collection): Promise<Stats['streams'][number]> {
  const hash = createHash('sha256');
  for (let index = 0; index < count; index++) {
    hash.update(`${record(index)}\n`);
    if (index % RECORDS_A_TURN === 0) await setImmediate();
  }
  return { name, records: count, digest: hash.digest('hex') };
}
