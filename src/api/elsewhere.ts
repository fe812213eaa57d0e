// What a job is known to have left in its store, and is not in the one that is reached from here.
import { LonghaulError } from '../core/errors.js';

/** A folder that this machine does not have holds nothing either. */
export function elsewhere(what: string): LonghaulError {
  return new LonghaulError('object_missing', `The store does not hold the ${what} of the job.`, {
    hint: 'The API reads the same store as the workers: a folder must be reachable from its machine too.',
  });
}
