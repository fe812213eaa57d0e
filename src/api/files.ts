// The files of a completed job: which there are, and where each is downloaded.
import { z } from 'zod';
import { openArchiveFiles } from '../archive/files.js';
import { archivePath, jobFolder, storeConnection } from '../core/archive-path.js';
import { LonghaulError } from '../core/errors.js';
import type { JobFile, JobFiles } from '../core/files.js';
import type { Store } from '../core/store.js';
import { openExportFiles } from '../export/job-files.js';
import { decodeCursor, encodeCursor } from './cursors.js';
import type { Described } from './facts.js';
import type { FilePage, FileQuery } from './result-contracts.js';
import type { Stores } from './stores.js';

const DEFAULT_LIMIT = 200;
const placeSchema = z.number().int();

/** Where a file of a job lies. */
export interface FoundFile {
  readonly store: Store;
  /** The whole path in the store. */
  readonly path: string;
  readonly file: JobFile;
}

/** Throws `job_state_conflict`, `request_invalid` for a cursor that no page gave, and what store and archive throw. */
export async function listFiles(
  stores: Stores,
  found: Described,
  { cursor, limit = DEFAULT_LIMIT }: FileQuery,
): Promise<FilePage> {
  const { files } = await open(stores, found);
  const page: FilePage['files'] = [];
  let next = 0;
  for await (const placed of files.list(
    cursor === undefined ? undefined : decodeCursor(cursor, placeSchema),
  )) {
    if (page.length === limit) return { files: page, next: encodeCursor(next) };
    page.push({ ...placed.file, url: urlOf(found.job.id, placed.file.path, placed.place) });
    next = placed.next;
  }
  return { files: page, next: null };
}

/** Throws `job_state_conflict`, `file_unknown`, and what store and archive throw. */
export async function findFile(
  stores: Stores,
  found: Described,
  path: string,
  place: number | undefined,
): Promise<FoundFile> {
  const { store, folder, files } = await open(stores, found);
  const file = await files.find(path, place);
  if (!file) throw new LonghaulError('file_unknown', 'The job has no file of that path.');
  return { store, path: `${folder}/${path}`, file };
}

interface Opened {
  readonly store: Store;
  readonly folder: string;
  readonly files: JobFiles;
}

async function open(stores: Stores, { job, facts }: Described): Promise<Opened> {
  const { spec } = facts.request;
  if (job.state !== 'completed') {
    throw new LonghaulError('job_state_conflict', `The job has no files: it is ${job.state}.`, {
      hint: 'What a job writes is there once it has completed.',
    });
  }
  const store = await stores(storeConnection(spec));
  if (spec.kind === 'copy') return { store, folder: jobFolder(job.id), files: NO_FILES };
  const folder = archivePath(job.id, spec);
  switch (spec.kind) {
    case 'backup':
      return { store, folder, files: await openArchiveFiles(store, folder, job.id) };
    case 'export':
      return { store, folder, files: await openExportFiles(store, folder, job.id) };
    case 'verify':
    case 'restore':
      return { store, folder, files: NO_FILES };
  }
}

const NO_FILES: JobFiles = {
  async *list() {
    // None.
  },
  find: async () => null,
};

/** The first files of an archive have places below 0, and are found by their names. */
function urlOf(id: string, path: string, place: number): string {
  const parts = path.split('/').map(encodeURIComponent);
  const query = place > 0 ? `?place=${place}` : '';
  return `/v1/jobs/${encodeURIComponent(id)}/files/${parts.join('/')}${query}`;
}
