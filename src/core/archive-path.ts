// Where what a job writes or reads lies in its store.
import type { CopySpec, JobSpec } from './spec.js';

/** `prefix/id` below the root of the store: what the job writes (backup, export) or the archive it reads (verify, restore). */
export function archivePath(id: string, spec: Exclude<JobSpec, CopySpec>): string {
  if (spec.kind === 'verify' || spec.kind === 'restore') return spec.source.archive;
  const name = (spec.kind === 'export' ? spec.sink.name : spec.sink.archive) ?? folderName(id);
  return spec.sink.prefix ? `${spec.sink.prefix}/${name}` : name;
}

/** The connection whose store that is in, and the folder of the job. */
export function storeConnection(spec: JobSpec): string {
  return spec.kind === 'verify' || spec.kind === 'restore' ? spec.source.connection : spec.sink.connection;
}

/** What a job keeps beside archives, for people and for its own later steps: a folder below the root of that store. */
export function jobFolder(id: string): string {
  return `.jobs/${folderName(id)}`;
}

/** A job's id as the name of a folder: without the colons of the time, which Temporal puts into the ids of scheduled jobs. */
export function folderName(id: string): string {
  return id.replaceAll(':', '');
}
