// What `longhaul doctor` found in one place.
import { ApiError } from '../../client/index.js';
import { LonghaulError } from '../../core/errors.js';
import { CliError } from '../errors.js';

export interface Finding {
  /** What was looked at: `node`, `temporal`, `connection crm`. */
  readonly what: string;
  /** `warning`: it can work as it is. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it; null where it is ok. */
  readonly hint: string | null;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail, hint: null });

export const warning = (what: string, detail: string, hint: string): Finding => ({
  what,
  state: 'warning',
  detail,
  hint,
});

export const failed = (what: string, detail: string, hint: string): Finding => ({
  what,
  state: 'failed',
  detail,
  hint,
});

/** What a look threw, with its own hint. */
export function failedBy(what: string, error: unknown): Finding {
  if (error instanceof LonghaulError || error instanceof ApiError) {
    return failed(what, error.message, error.hint);
  }
  if (error instanceof CliError) return failed(what, error.message, error.extras.hint ?? '');
  const message = error instanceof Error ? error.message : String(error);
  return failed(what, message, 'Run it again with LONGHAUL_DEBUG=1 and report what it says.');
}
