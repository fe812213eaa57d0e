// Archives as they are known from the backups that wrote them.
import type { Job } from '../core/job.js';
import type { Query } from './route.js';

/** What the form needs to read this archive; null for a job that has written none. */
export function asSource({ kind, state, archive }: Job): Query | null {
  if (kind !== 'backup' || state !== 'completed' || archive === null) return null;
  const [connection = '', ...place] = archive.split('/');
  return { 'source.connection': connection, 'source.archive': place.join('/') };
}

export const USES = [
  ['verify', 'Verify'],
  ['restore', 'Restore'],
  ['export', 'Export'],
] as const;
