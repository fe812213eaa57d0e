// What can be done with an archive.
import type { Job } from '../../core/job.js';
import type { Archive } from '../api.js';
import type { Query } from '../route.js';

/** What the form needs to read this archive; null for a job that has written none. */
export function asSource({ kind, state, archive }: Job): Query | null {
  if (kind !== 'backup' || state !== 'completed' || archive === null) return null;
  const [connection = '', ...place] = archive.split('/');
  return sourceOf({ connection, path: place.join('/') });
}

export function sourceOf({ connection, path }: Pick<Archive, 'connection' | 'path'>): Query {
  return { 'source.connection': connection, 'source.archive': path };
}

export const USES = [
  ['verify', 'Verify'],
  ['restore', 'Restore'],
  ['export', 'Export'],
] as const;
