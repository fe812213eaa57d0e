// The names of jobs: readable, sorted by time, safe as the name of a folder.
import { createHash, randomBytes } from 'node:crypto';
import type { JobSpec } from '../core/spec.js';

/** `backup-crm-20260301t120000-k3x9q2` */
export function newJobId(spec: JobSpec, now: number): string {
  return `${spec.kind}-${spec.source.connection}-${stamp(now)}`;
}

/**
 * The same for every request with this Idempotency-Key, whatever its body: so a key that is used twice is noticed. Each
 * tenant has keys of its own, and learns nothing of those of others.
 */
export function jobIdOfKey(key: string, tenant: string | null): string {
  const own = tenant === null ? key : `${tenant}\n${key}`;
  return `job-${createHash('sha256').update(own).digest('hex').slice(0, 32)}`;
}

/** The same for every call: of the job, and of the run that set them aside. */
export function jobIdOfRejects(job: string, runId: string): string {
  return `rejects-${createHash('sha256').update(`${job}\n${runId}`).digest('hex').slice(0, 32)}`;
}

export function newCheckId(connection: string, now: number): string {
  return `check-${connection}-${stamp(now)}`;
}

/** Of the parsed spec, so that white space and the order of keys make no difference. */
export function hashOf(spec: JobSpec): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex');
}

function stamp(now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${time}-${random()}`;
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz0123456789';

function random(): string {
  return Array.from(randomBytes(6), (byte) => LETTERS.charAt(byte % LETTERS.length)).join('');
}
