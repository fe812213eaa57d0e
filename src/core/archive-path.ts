// Where the archive of a job lies in its store.
import type { JobSpec } from './spec.js';

/** `prefix/id` below the root of the store: the archive that the job writes (backup) or reads (verify, restore). */
export function archivePath(id: string, spec: JobSpec): string {
  if (spec.kind !== 'backup') return spec.source.archive;
  const name = spec.sink.archive ?? id;
  return spec.sink.prefix ? `${spec.sink.prefix}/${name}` : name;
}
