// Which archives need another one. Each that refers to it leaves a mark, and so does a removal: whoever comes second sees the
// mark of the first, since both look only after they have left their own.
import { z } from 'zod';
import type { Store } from '../core/store.js';
import { readClaim, readEnding } from './claim.js';
import { folderName, MANIFEST } from './layout.js';
import { decodeJson, encodeJson, readIfThere } from './objects.js';

/** Below the root of the store, beside all archives. */
export const REFS = '.refs';

const dependentSchema = z.object({
  /** The archive that refers, and the job that writes or wrote it. */
  archive: z.string(),
  job: z.string(),
});
export type Dependent = z.infer<typeof dependentSchema>;

const folderOf = (base: string): string => `${REFS}/${folderName(base)}`;
const removalMark = (base: string): string => `${folderOf(base)}/removing.json`;
const markOf = (base: string, job: string): string => `${folderOf(base)}/by/${folderName(job)}.json`;

export async function markDependent(store: Store, base: string, dependent: Dependent): Promise<void> {
  await store.put(markOf(base, dependent.job), encodeJson({ ...dependent, base }));
}

export async function unmarkDependent(store: Store, base: string, job: string): Promise<void> {
  await store.remove(markOf(base, job));
}

export async function markRemoval(store: Store, base: string): Promise<void> {
  await store.put(removalMark(base), encodeJson({ base }));
}

export async function unmarkRemoval(store: Store, base: string): Promise<void> {
  await store.remove(removalMark(base));
}

export async function isMarkedForRemoval(store: Store, base: string): Promise<boolean> {
  return (await store.stat(removalMark(base))) !== null;
}

/** Removes all marks at an archive that is gone. */
export async function forget(store: Store, base: string): Promise<void> {
  await store.removeAll(folderOf(base));
}

/** One that needs it: sealed, or of a job that may still go on. null: none does. */
export async function dependentOf(store: Store, base: string): Promise<Dependent | null> {
  for await (const { path } of store.list(`${folderOf(base)}/by`)) {
    const bytes = await readIfThere(store, path);
    const dependent = bytes && decodeJson(bytes, dependentSchema, 'archive_damaged', path);
    if (dependent && (await isLive(store, dependent))) return dependent;
  }
  return null;
}

/** What a cancelled job or a removed archive left behind counts for nothing. One that cannot be read counts. */
async function isLive(store: Store, { archive, job }: Dependent): Promise<boolean> {
  const ending = await readEnding({ store, path: archive, ending: MANIFEST });
  if (ending?.kind === 'sealed') return ending.job === undefined || ending.job === job;
  return (await readClaim(store, archive))?.job === job;
}
