// Removes a sealed archive that no other one needs. First it ceases to be an archive, then its files go.
import type { Context } from '../core/connector.js';
import { LonghaulError, Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { readClaim, readEnding } from './claim.js';
import { dependentOf, forget, isMarkedForRemoval, markRemoval, unmarkRemoval } from './dependents.js';
import { clearFolder } from './folder-sink.js';
import { DISCARDED } from './format.js';
import { MANIFEST } from './layout.js';
import { encodeJson } from './objects.js';

/** Stands where a manifest names its job. */
const REMOVAL = 'longhaul-removal';

/** Goes on where it was broken off. Throws `archive_missing`, and `archive_needed` naming what needs it. */
export async function removeArchive(ctx: Context, store: Store, path: string): Promise<void> {
  const folder = { store, path, job: REMOVAL, ending: MANIFEST };
  const ending = await readEnding(folder);
  const isBegun = ending?.kind === 'discarded' && ending.job === REMOVAL;
  if (ending?.kind === 'sealed') await unpublish(store, path);
  else if (!isBegun && !(ending === null && (await isMarkedForRemoval(store, path)))) throw missing(path);
  if (ending !== null) {
    await clearFolder(folder, () => {
      if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    });
  }
  await forget(store, path);
}

async function unpublish(store: Store, path: string): Promise<void> {
  const claim = await readClaim(store, path);
  if (claim) throw needed(path, `job ${claim.job}, which wrote it, has not ended`);
  await markRemoval(store, path);
  const dependent = await dependentOf(store, path);
  if (dependent) {
    await unmarkRemoval(store, path);
    throw needed(path, `${dependent.archive} refers to it`);
  }
  await store.put(`${path}/${MANIFEST}`, encodeJson({ format: DISCARDED, job: REMOVAL }));
}

function needed(path: string, why: string): LonghaulError {
  return new LonghaulError('archive_needed', `${path} cannot be removed: ${why}.`);
}

function missing(path: string): LonghaulError {
  return new LonghaulError('archive_missing', `There is no archive ${path}.`);
}
