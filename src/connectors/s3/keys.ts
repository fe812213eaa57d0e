// From an object's path to its key below the prefix of the connection, and back.
import { LonghaulError } from '../../core/errors.js';

/** What S3 takes. */
const KEY_BYTES = 1_024;

/** `root` is '' or ends with '/'. Refuses paths that would leave it, as a folder would. */
export function keyOf(root: string, path: string): string {
  const key = `${root}${path}`;
  if (!path.split('/').every(isSafe) || Buffer.byteLength(key) > KEY_BYTES) {
    throw new LonghaulError('spec_invalid', `Not a path of an object: ${JSON.stringify(path)}.`);
  }
  return key;
}

/** What the keys of all objects below a path begin with; '' is the root itself. */
export function prefixOf(root: string, path: string): string {
  return path === '' ? root : `${keyOf(root, path)}/`;
}

function isSafe(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part);
}
