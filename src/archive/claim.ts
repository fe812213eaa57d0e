// Whose folder a folder is. The claim lives as long as the job may write; whoever writes looks at it afterwards.
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { claimSchema, DISCARDED, type Claim } from './format.js';
import { CLAIM, WORK } from './layout.js';
import { decodeJson, encodeJson, jsonOf, readIfThere } from './objects.js';

/** What one job fills, and the object that ends it, relative to `path`: manifest.json of an archive, export.json of an export. */
export interface Folder {
  readonly store: Store;
  readonly path: string;
  readonly job: string;
  readonly ending: string;
}

/** What stands there: nothing yet, a finished archive or export, or the mark of one that is being removed. */
export type Ending = { readonly kind: 'sealed' | 'discarded'; readonly job: unknown } | null;

export async function readEnding({ store, path, ending }: Omit<Folder, 'job'>): Promise<Ending> {
  const bytes = await readIfThere(store, `${path}/${ending}`);
  if (bytes === null) return null;
  const found = jsonOf(bytes);
  const { format, job } = typeof found === 'object' && found !== null ? (found as Partial<Claim>) : {};
  return { kind: format === DISCARDED ? 'discarded' : 'sealed', job };
}

/** `archive_exists` where another job sealed it, `chain_broken` where this one gave it up. */
export async function isSealed(folder: Folder): Promise<boolean> {
  const ending = await readEnding(folder);
  if (ending === null) return false;
  if (ending.job !== folder.job) throw exists(folder.path, 'was written by another job');
  if (ending.kind === 'discarded') throw withdrawn(folder.path);
  return true;
}

/** Marks the folder as given up, unless somebody was there first: says what stands in the place of its ending now. */
export async function putDiscarded(folder: Folder): Promise<Ending> {
  const { store, path, job, ending } = folder;
  await store.put(`${path}/${ending}`, encodeJson({ format: DISCARDED, job }), { ifAbsent: true });
  return readEnding(folder);
}

/** Claims a folder that holds nothing yet. `archive_exists` where it is not the job's. Harmless when repeated. */
export async function claim(folder: Folder, mine: Claim): Promise<void> {
  const { store, path, job } = folder;
  if ((await readClaim(store, path)) === null && (await holdsForeignFiles(folder))) {
    throw exists(path, 'holds files that no job of Longhaul has claimed');
  }
  await store.put(`${path}/${CLAIM}`, encodeJson(mine), { ifAbsent: true });
  const found = await readClaim(store, path);
  if (found?.job !== job) throw exists(path, `belongs to job ${found?.job ?? 'unknown'}`);
}

/** Whether the job may still write: nobody sealed or discarded the folder. */
export async function isClaimed({ store, path, job }: Omit<Folder, 'ending'>): Promise<boolean> {
  return (await readClaim(store, path))?.job === job;
}

export async function readClaim(store: Store, path: string): Promise<Claim | null> {
  const bytes = await readIfThere(store, `${path}/${CLAIM}`);
  return bytes && decodeJson(bytes, claimSchema, 'archive_exists', `${path}/${CLAIM}`);
}

export function exists(path: string, why: string): LonghaulError {
  return new LonghaulError('archive_exists', `${path} ${why}.`);
}

export function withdrawn(path: string): LonghaulError {
  return new LonghaulError(
    'chain_broken',
    `${path} was sealed or given up meanwhile: nothing is added to it any more.`,
  );
}

/** Files outside `.work/`, when the claim (which another activity of the job may just have made) is still not there. */
async function holdsForeignFiles(folder: Folder): Promise<boolean> {
  const { store, path: root } = folder;
  for await (const { path } of store.list(root)) {
    if (!path.startsWith(`${root}/${WORK}/`)) return !(await isClaimed(folder));
  }
  return false;
}
