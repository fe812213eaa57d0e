// The kinds of jobs in words.
import type { Job, JobKind, JobProgress } from '../core/job.js';

const ABOUT: Readonly<Record<JobKind, string>> = {
  backup: 'Reads a source into an archive.',
  export: 'Writes records into files that other tools read.',
  verify: 'Reads an archive again and says whether it is whole.',
  restore: 'Writes the records of an archive into a database or an API.',
  copy: 'Copies objects from one place to another, by their server where it has both.',
};

export const KINDS = Object.keys(ABOUT) as readonly JobKind[];

export const aboutKind = (kind: JobKind): string => ABOUT[kind];

/** `crm`, or `vault/nightly/…` where an archive is read. */
export function fromText({ source }: Job): string {
  return 'archive' in source && source.archive ? `${source.connection}/${source.archive}` : source.connection;
}

/** What a job waits for: a reason of its source, or a code of ours. */
export function waitText({ waitingFor }: JobProgress): string {
  if (waitingFor === null) return '';
  return /^[a-z_]+$/.test(waitingFor) ? waitingFor.replaceAll('_', ' ') : waitingFor;
}

/** Where it writes to; null for a job that only reads. */
export function toText({ kind, sink, archive }: Job): string | null {
  if (!sink) return null;
  return kind === 'restore' || kind === 'copy' ? sink.connection : archive;
}
