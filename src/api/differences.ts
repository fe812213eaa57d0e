// Pages of what a comparison found, read from the store of the archive that was compared.
import { readDifferences } from '../compare/differences.js';
import { jobFolder, storeConnection } from '../core/archive-path.js';
import { LonghaulError } from '../core/errors.js';
import type { Described } from './facts.js';
import { elsewhere } from './elsewhere.js';
import type { DifferencePage, DifferenceQuery } from './result-contracts.js';
import type { Stores } from './stores.js';

const DEFAULT_LIMIT = 100;

/** Throws `job_state_conflict` where there is nothing to show, `request_invalid`, and what the store throws. */
export async function listDifferences(
  stores: Stores,
  { job, facts }: Described,
  { stream, cursor, limit = DEFAULT_LIMIT }: DifferenceQuery,
): Promise<DifferencePage> {
  const { spec } = facts.request;
  if (spec.kind !== 'verify' || !spec.options?.against) throw refused('it compares nothing');
  const store = await stores(storeConnection(spec));
  const page = await readDifferences(store, jobFolder(job.id), {
    limit,
    ...(stream !== undefined && { stream }),
    ...(cursor !== undefined && { cursor }),
  });
  if (page) return page;
  const hasFound = job.state === 'completed' || job.error?.code === 'archive_differs';
  throw hasFound ? elsewhere('differences') : refused(`it is ${job.state}`);
}

function refused(why: string): LonghaulError {
  return new LonghaulError('job_state_conflict', `The job has no differences: ${why}.`, {
    hint: 'They are there once a verify with `against` has compared everything.',
  });
}
