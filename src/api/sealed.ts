// The sealed archives and exports of a store, found by walking its folders: nothing in an archive is listed.
import type { Manifest } from '../archive/format.js';
import { REFS } from '../archive/dependents.js';
import { WORK } from '../archive/layout.js';
import { readManifestAlone } from '../archive/manifest.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import type { Export } from '../export/format.js';
import { readExport } from '../export/read.js';

export type Sealed =
  | { readonly path: string; readonly manifest: Manifest }
  | { readonly path: string; readonly exported: Export }
  /** Something is there, and is not as it was written. */
  | { readonly path: string; readonly error: LonghaulError };

/** As the paths in specs have them; of other folders none is Longhaul's. */
const NAME = /^[\w.-]+$/;
const JOBS = '.jobs';

/** Below `folder` (`''`: all), it included, in the order of paths; those after the path `after` only. Throws what the store throws. */
export async function* sealedBelow(
  store: Store,
  folder: string,
  after: string | null,
): AsyncGenerator<Sealed> {
  const found = folder === '' ? null : await sealedAt(store, folder);
  if (found && isAfter(folder, after)) yield found;
  if (found) return;
  for await (const name of store.folders(folder)) {
    // A job is at work here, or was.
    if (name === WORK) return;
    const path = folder === '' ? name : `${folder}/${name}`;
    const mayHold = isAfter(path, after) || after?.startsWith(`${path}/`);
    if (mayHold && path !== JOBS && path !== REFS && NAME.test(name)) yield* sealedBelow(store, path, after);
  }
}

/** In the order of a store's folders. */
function isAfter(path: string, after: string | null): boolean {
  return after === null || `${path}/` > `${after}/`;
}

/** null where nothing was sealed. Throws what the store throws. */
export async function sealedAt(store: Store, path: string): Promise<Sealed | null> {
  try {
    return (await archiveAt(store, path)) ?? (await exportAt(store, path));
  } catch (error) {
    if (isBroken(error)) return { path, error };
    throw error;
  }
}

async function archiveAt(store: Store, path: string): Promise<Sealed | null> {
  const found = await readManifestAlone(store, path).catch(unlessMissing);
  return found && { path, manifest: found.manifest };
}

async function exportAt(store: Store, path: string): Promise<Sealed | null> {
  const exported = await readExport(store, path).catch(unlessMissing);
  return exported && { path, exported };
}

function unlessMissing(error: unknown): null {
  if (error instanceof LonghaulError && error.code === 'archive_missing') return null;
  throw error;
}

function isBroken(error: unknown): error is LonghaulError {
  const codes = ['archive_damaged', 'archive_unsupported'];
  return error instanceof LonghaulError && codes.includes(error.code);
}
