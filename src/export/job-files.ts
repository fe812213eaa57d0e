// The files of an export as they are listed and downloaded: export.json and the report, then stream after stream.
import { storedFile } from '../archive/files.js';
import { hashOf } from '../archive/objects.js';
import { LonghaulError } from '../core/errors.js';
import type { JobFile, JobFiles, PlacedFile } from '../core/files.js';
import type { Store } from '../core/store.js';
import { EXPORT } from './format.js';
import { readExport } from './read.js';

/** Throws what reading an export throws, and `archive_missing` where another job has filled the folder since. */
export async function openExportFiles(store: Store, folder: string, job: string): Promise<JobFiles> {
  const found = await readExport(store, folder);
  if (found.job !== job) {
    throw new LonghaulError('archive_missing', `${folder} is the export of another job by now.`);
  }
  const first: (() => Promise<JobFile>)[] = [
    async () =>
      storedFile(store, folder, { path: EXPORT, sha256: await hashOf(store, `${folder}/${EXPORT}`) }),
    () => storedFile(store, folder, found.report),
  ];
  const files = found.streams.flatMap((stream) => stream.files);

  async function* list(from = 0): AsyncGenerator<PlacedFile> {
    for (let place = Math.max(from, 0); place < first.length + files.length; place += 1) {
      const file = files[place - first.length] ?? (await first[place]!());
      yield { file, place, next: place + 1 };
    }
  }

  async function find(path: string): Promise<JobFile | null> {
    const place = [EXPORT, found.report.path].indexOf(path);
    if (place !== -1) return first[place]!();
    return files.find((file) => file.path === path) ?? null;
  }

  return { list, find };
}
