// The jobs that rounds are made of, and where their archives lie.
import path from 'node:path';
import type { Job } from '../src/core/job.js';
import type { JobSpec } from '../src/core/spec.js';
import { CHECKPOINT, type Stage } from './stage.js';

/** What keeps the archives of a round. */
export interface Shelf {
  readonly connection: string;
  /** Where its files lie. */
  readonly folder: string;
}

export const vaultOf = ({ longhaul }: Stage): Shelf => ({ connection: 'vault', folder: longhaul.vault });
/** The disk that fills, where there is one. */
export const diskOf = (stage: Stage): Shelf =>
  stage.disk ? { connection: 'disk', folder: stage.disk.folder } : vaultOf(stage);
/** The bucket, where there is one. */
export const bucketOf = (stage: Stage): Shelf =>
  stage.bucket ? { connection: 'bucket', folder: stage.bucket.server.folder } : vaultOf(stage);

export const optionsWith = (lanes: number) => ({ lanes, checkpoint: { pages: CHECKPOINT } });

export const placeOf = ({ archive }: Job): string => archive!.slice(archive!.indexOf('/') + 1);

/** What a job wrote, as a folder. */
export const folderOf = ({ folder }: Shelf, job: Job): string => path.join(folder, placeOf(job));

export const archiveOf = (job: Job) => ({ connection: connectionOf(job), archive: placeOf(job) });

export const backupOf = (connection: string, { connection: sink }: Shelf) =>
  ({ kind: 'backup', source: { connection }, sink: { connection: sink } }) as const;

export const verifyOf = (backup: Job): JobSpec => ({ kind: 'verify', source: archiveOf(backup) });

export const compareOf = (backup: Job, connection: string, lanes: number): JobSpec => ({
  kind: 'verify',
  source: archiveOf(backup),
  options: { lanes, against: { connection } },
});

export const restoreOf = (
  backup: Job,
  connection: string,
  sink: { readonly create?: boolean } = {},
): JobSpec => ({
  kind: 'restore',
  source: archiveOf(backup),
  sink: { connection, ...sink },
});

const connectionOf = ({ archive }: Job): string => archive!.slice(0, archive!.indexOf('/'));
