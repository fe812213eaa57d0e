// Where what a job writes or reads lies in its store.
import type { CopySpec, JobSpec } from './spec.js';

/** `prefix/id` below the root of the store: what the job writes (backup, export) or the archive it reads (verify, restore). */
export function archivePath(id: string, spec: Exclude<JobSpec, CopySpec>): string {
  if (spec.kind === 'verify' || spec.kind === 'restore') return spec.source.archive;
  const name = (spec.kind === 'export' ? spec.sink.name : spec.sink.archive) ?? id;
  return spec.sink.prefix ? `${spec.sink.prefix}/${name}` : name;
}

/** The connection whose store that is in, and the folder of the job. */
export function storeConnection(spec: JobSpec): string {
  return spec.kind === 'verify' || spec.kind === 'restore' ? spec.source.connection : spec.sink.connection;
}

/** What a job keeps beside archives, for people and for its own later steps: a folder below the root of that store. */
export function jobFolder(id: string): string {
  return `.jobs/${id}`;
}
