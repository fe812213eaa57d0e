// How many records a job may set aside.
import { ERRORS, type ErrorData } from './errors.js';
import type { JobSpec } from './spec.js';

interface Setting {
  readonly rejects?: { readonly max?: number | undefined } | undefined;
  readonly skipDamaged?: boolean | undefined;
}

const settingOf = ({ kind, options }: JobSpec): Setting => (kind === 'verify' ? {} : (options ?? {}));

/** `skipDamaged` alone passes over whatever cannot be read, however much it is. */
export function mostRejects(spec: JobSpec): number {
  const { rejects, skipDamaged } = settingOf(spec);
  return rejects?.max ?? (skipDamaged ? Infinity : 0);
}

/** Records that the sink refuses are set aside one by one; otherwise the first of them ends the job by its own error. */
export function setsAsideRefused(spec: JobSpec): boolean {
  const { rejects } = settingOf(spec);
  return (rejects?.max ?? 0) > 0;
}

/** Of a job that has set aside more than it may: chunks that run side by side only know what they did themselves. */
export function rejectsExceeded(count: number, most: number): ErrorData {
  const message = `${count} records were set aside, ${most} may be`;
  return { code: 'rejects_exceeded', message, hint: ERRORS.rejects_exceeded.hint };
}
