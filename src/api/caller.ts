// Who sends a request, and which jobs are there for them.
import type { Context } from 'hono';
import { LonghaulError } from '../core/errors.js';
import type { Job } from '../core/job.js';
import type { KeyRole } from '../core/key-roles.js';

export interface Caller {
  /** Of the key; null: the API has no keys. */
  readonly name: string | null;
  readonly role: KeyRole;
  /** null: of all tenants, and of none. */
  readonly tenant: string | null;
}

/** Where there are no keys: whoever reaches this machine may do everything. */
export const ANYONE: Caller = { name: null, role: 'admin', tenant: null };

const CALLER = 'caller';

export function setCaller(c: Context, caller: Caller): void {
  c.set(CALLER, caller);
}

/** Of a request that was let in by a key. */
export function callerOf(c: Context): Caller {
  return knownCallerOf(c)!;
}

/** null: of a route that takes no key. */
export function knownCallerOf(c: Context): Caller | null {
  return (c.get(CALLER) as Caller | undefined) ?? null;
}

/** A job of another tenant is just not there. Throws `job_unknown`. */
export function assertOwn(job: Job, tenant: string | null): void {
  if (tenant === null || job.options.tenant === tenant) return;
  throw new LonghaulError('job_unknown', 'There is no such job.');
}
