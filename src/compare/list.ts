// Lists differences of one stream as parts in the store, as far as there is room. Memory: a part of about 1 MiB.
import type { Store } from '../core/store.js';
import type { Found } from './counter.js';
import type { Difference, DifferencesIndex } from './differences.js';
import { partPath } from './layout.js';

const PART_CHARS = 1_048_576;

export interface Place {
  readonly store: Store;
  /** Of the job. */
  readonly folder: string;
  /** Names what is sealed. */
  readonly work: string;
}

/** `room`: how many may be listed; those that come later are not. The same differences give the same parts again. */
export function createList({ store, folder, work }: Place, stream: string, room: number) {
  const parts: DifferencesIndex['parts'] = [];
  let lines: string[] = [];
  let chars = 0;
  let listed = 0;

  async function put(): Promise<void> {
    if (lines.length === 0) return;
    const path = partPath(work, stream, parts.length);
    await store.put(`${folder}/${path}`, Buffer.from(lines.join('')));
    parts.push({ path, stream, differences: lines.length });
    [lines, chars] = [[], 0];
  }

  return {
    add(found: Found): Promise<void> | undefined {
      if (listed === room) return undefined;
      const line = `${JSON.stringify({ ...found, stream } satisfies Difference)}\n`;
      lines.push(line);
      listed += 1;
      chars += line.length;
      return chars < PART_CHARS ? undefined : put();
    },
    async end(): Promise<{ readonly parts: DifferencesIndex['parts']; readonly listed: number }> {
      await put();
      return { parts, listed };
    },
  };
}
