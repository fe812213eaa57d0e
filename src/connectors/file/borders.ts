// Parts the files below a folder into ranges of paths by a look at the folders near the top.
import type { Context } from '../../core/connector.js';
import { Stopped } from '../../core/errors.js';
import { entriesIn, type Entry } from './listing.js';

/** So many places to part at for each part that is wanted make the parts even enough. */
const PLACES_A_PART = 16;
const MOST_FOLDERS = 256;
/** A folder that was not looked into counts for so many files. */
const FOLDER_WEIGHT = 32;

export async function folderBorders(ctx: Context, folder: string, want: number): Promise<readonly string[]> {
  return bordersOf(await places(ctx, folder, want * PLACES_A_PART), want);
}

/** Level by level: everything in the folders looked into, sorted, until there are enough. */
async function places(ctx: Context, folder: string, enough: number): Promise<readonly Entry[]> {
  let found: readonly Entry[] = [{ key: '', isFolder: true, isText: true }];
  for (let looked = 0; ;) {
    const isMany = found.length >= enough || looked >= MOST_FOLDERS;
    if (isMany || !found.some(({ isFolder }) => isFolder)) return found;
    const deeper: Entry[] = [];
    for (const entry of found) {
      if (ctx.stop.aborted) throw new Stopped();
      const isOpened = entry.isFolder && looked < MOST_FOLDERS;
      const { entries } = isOpened ? await entriesIn(folder, entry.key) : { entries: [entry] };
      if (isOpened) looked += 1;
      for (const inside of entries) deeper.push(inside);
    }
    found = deeper;
  }
}

const weightOf = ({ isFolder }: Entry): number => (isFolder ? FOLDER_WEIGHT : 1);

/** A range ends with its border and the next one begins after it; a folder's own name comes before all that is in it. */
function bordersOf(entries: readonly Entry[], want: number): string[] {
  const share = entries.reduce((sum, entry) => sum + weightOf(entry), 0) / want;
  const borders: string[] = [];
  let weight = 0;
  for (const entry of entries) {
    const isFull = weight >= share * (borders.length + 1);
    if (isFull && borders.length + 1 < want) borders.push(entry.key);
    weight += weightOf(entry);
  }
  return borders;
}
