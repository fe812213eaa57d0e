// What the operating system says, as errors that tell the operator what to do.
import { LonghaulError, type ErrorCode } from '../../core/errors.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EACCES: 'sink_unwritable',
  EPERM: 'sink_unwritable',
  EROFS: 'sink_unwritable',
  ENOTDIR: 'sink_unwritable',
  EISDIR: 'sink_unwritable',
  EEXIST: 'sink_unwritable',
  ELOOP: 'sink_unwritable',
  ENAMETOOLONG: 'sink_unwritable',
  ENOENT: 'object_missing',
};

/** Runs one step on a file; `what` finishes the sentence "Cannot …". */
export async function attempt<T>(what: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw named(what, error);
  }
}

/** Anything the table does not know (a busy or vanished network mount, too many open files) may pass: tried again. */
export function named(what: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined) return cause;
  return new LonghaulError(CODES[code] ?? 'source_unreachable', `Cannot ${what}: ${code}.`, {
    cause,
    ...(CODES[code] === undefined && { hint: 'The file system fails: check its mount, cables and logs.' }),
  });
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}

/** What no file is called, or what a file lies in the way of: nothing is there either. */
const NOT_THERE = new Set<unknown>(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

export function isMissing(error: unknown): boolean {
  return NOT_THERE.has(codeOf(error));
}

/** As `named`, of a step that only reads. */
export function unread(what: string, cause: unknown): unknown {
  if (!isMissing(cause)) return named(what, cause);
  return new LonghaulError('object_missing', `Cannot ${what}: ${codeOf(cause)}.`, { cause });
}

/** For steps whose goal is reached when the file is already gone. */
export async function unlessGone(step: Promise<unknown>): Promise<void> {
  await step.catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}
