// From an object's path to a file below the root, and never to one outside it.
import { realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { LonghaulError } from '../../core/errors.js';
import { attempt, isMissing } from './faults.js';

/** Files of writes under way. They lie beside their goal, so that the rename stays inside one file system. */
export const TEMPORARY = '.tmp-';

/** The file of an object. Refuses paths that leave the root, by `..` or through a symbolic link. */
export async function fileOf(root: string, path: string): Promise<string> {
  const file = join(root, ...partsOf(path));
  await attempt(`reach ${path}`, () => stayInside(root, file, path));
  return file;
}

/** The folder of a prefix; '' is the root itself. */
export async function folderOf(root: string, prefix: string): Promise<string> {
  return prefix === '' ? root : fileOf(root, prefix);
}

function partsOf(path: string): string[] {
  const parts = path.split('/');
  if (parts.some((part) => !isSafe(part))) {
    throw new LonghaulError('spec_invalid', `Not a path of an object: ${JSON.stringify(path)}.`);
  }
  return parts;
}

function isSafe(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part) && !part.startsWith(TEMPORARY);
}

/** Throws where a link on the way to `file` leads out of `root`. */
export async function stayInside(root: string, file: string, path: string): Promise<void> {
  const [home, real] = await Promise.all([existing(root), existing(file)]);
  if (real === home || real.startsWith(home.endsWith(sep) ? home : home + sep)) return;
  throw new LonghaulError(
    'spec_invalid',
    `A symbolic link leads ${path} out of the folder of the connection.`,
    {
      hint: 'Replace the link by what it points to, or point the connection there.',
    },
  );
}

/** The real place of the nearest ancestor that exists. */
async function existing(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isMissing(error) || dirname(file) === file) throw error;
    return existing(dirname(file));
  }
}
