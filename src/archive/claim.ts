// Whose archive a folder is. The claim lives as long as the job may write; whoever writes looks at it afterwards.
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { claimSchema, DISCARDED, type Claim } from './format.js';
import { CLAIM, MANIFEST, WORK } from './layout.js';
import { decodeJson, encodeJson, jsonOf, readIfThere } from './objects.js';

/** What stands at manifest.json: nothing yet, a finished archive, or the mark of one that is being removed. */
export type Ending = { readonly kind: 'sealed' | 'discarded'; readonly job: unknown } | null;

export async function readEnding(store: Store, archive: string): Promise<Ending> {
  const bytes = await readIfThere(store, `${archive}/${MANIFEST}`);
  if (bytes === null) return null;
  const found = jsonOf(bytes);
  const { format, job } = typeof found === 'object' && found !== null ? (found as Partial<Claim>) : {};
  return { kind: (format as string) === DISCARDED ? 'discarded' : 'sealed', job };
}

/** Marks the archive as given up, unless somebody was there first: says what stands at manifest.json now. */
export async function putDiscarded(store: Store, archive: string, job: string): Promise<Ending> {
  await store.put(`${archive}/${MANIFEST}`, encodeJson({ format: DISCARDED, job }), { ifAbsent: true });
  return readEnding(store, archive);
}

/** Claims a folder that holds nothing yet. `archive_exists` where it is not the job's. Harmless when repeated. */
export async function claim(store: Store, archive: string, mine: Claim): Promise<void> {
  if ((await readClaim(store, archive)) === null && (await holdsForeignFiles(store, archive, mine.job))) {
    throw exists(archive, 'holds files that no job of Longhaul has claimed');
  }
  await store.put(`${archive}/${CLAIM}`, encodeJson(mine), { ifAbsent: true });
  const found = await readClaim(store, archive);
  if (found?.job !== mine.job) throw exists(archive, `belongs to job ${found?.job ?? 'unknown'}`);
}

/** Whether the job may still write: nobody sealed or discarded the archive. */
export async function isClaimed(store: Store, archive: string, job: string): Promise<boolean> {
  return (await readClaim(store, archive))?.job === job;
}

export async function readClaim(store: Store, archive: string): Promise<Claim | null> {
  const bytes = await readIfThere(store, `${archive}/${CLAIM}`);
  return bytes && decodeJson(bytes, claimSchema, 'archive_exists', `${archive}/${CLAIM}`);
}

export function exists(archive: string, why: string): LonghaulError {
  return new LonghaulError('archive_exists', `${archive} ${why}.`);
}

export function withdrawn(archive: string): LonghaulError {
  return new LonghaulError(
    'chain_broken',
    `${archive} was sealed or given up meanwhile: nothing is added to it any more.`,
  );
}

/** Files outside `.work/`, when the claim (which another activity of the job may just have made) is still not there. */
async function holdsForeignFiles(store: Store, archive: string, job: string): Promise<boolean> {
  for await (const { path } of store.list(archive)) {
    if (!path.startsWith(`${archive}/${WORK}/`)) return !(await isClaimed(store, archive, job));
  }
  return false;
}
