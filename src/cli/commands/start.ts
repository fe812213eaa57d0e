// `longhaul backup`, `export`, `restore`, `copy` and `verify`: start a job, print its id, or stay with it.
import type { JobSpec } from '../../core/spec.js';
import type { Client } from '../client.js';
import { EXIT, usageError } from '../errors.js';
import type { Io } from '../io.js';
import {
  backupSpec,
  copySpec,
  exportSpec,
  restoreSpec,
  verifySpec,
  type BackupOptions,
  type CopyOptions,
  type ExportOptions,
  type RestoreOptions,
  type StartOptions,
  type VerifyOptions,
} from '../specs.js';
import { waitFor } from '../wait.js';
import { connect, print } from './common.js';

/** What becomes of the spec: its job is started, unless somebody else takes it. */
export type Take = (io: Io, spec: JobSpec, options: StartOptions) => Promise<number>;

export function backup(
  io: Io,
  sources: readonly string[],
  options: BackupOptions,
  take: Take = start,
): Promise<number> {
  return take(io, backupSpec(sources, options), options);
}

export function verify(io: Io, archive: string, options: VerifyOptions, take: Take = start): Promise<number> {
  return take(io, verifySpec(archive, options), options);
}

export function restore(
  io: Io,
  archive: string,
  options: RestoreOptions,
  take: Take = start,
): Promise<number> {
  return take(io, restoreSpec(archive, options), options);
}

export function copy(
  io: Io,
  sources: readonly string[],
  options: CopyOptions,
  take: Take = start,
): Promise<number> {
  return take(io, copySpec(sources, options), options);
}

export async function exportFiles(
  io: Io,
  places: readonly string[],
  options: ExportOptions,
  take: Take = start,
): Promise<number> {
  const archive = await archiveOf(io, places, options);
  return take(io, exportSpec(places, archive, options), options);
}

/** SINK/ARCHIVE looks like SOURCE/STREAM: the roles of the connection tell. null: it is a source. */
async function archiveOf(io: Io, places: readonly string[], options: ExportOptions): Promise<string | null> {
  const [first] = places;
  if (options.archive !== undefined) {
    if (first === undefined) return options.archive;
    throw usageError('an export is of a source or of an archive, not of both', 'Leave one of them out.');
  }
  if (first === undefined) throw usageError('nothing to export is named', 'Name a SOURCE or an --archive.');
  if (!(await holdsArchivesOnly(await connect(io, options), first))) return null;
  if (places.length === 1) return first;
  throw usageError('an export is of one archive', 'Start one job for each.');
}

async function holdsArchivesOnly(client: Client, place: string): Promise<boolean> {
  const { connections } = await client.connections();
  const found = connections.find(({ name }) => name === place.split('/', 1)[0]);
  return found !== undefined && found.roles.includes('sink') && !found.roles.includes('source');
}

async function start(io: Io, spec: JobSpec, options: StartOptions): Promise<number> {
  const client = await connect(io, options);
  const job = await client.start(spec, { idempotencyKey: options.idempotencyKey });
  if (!options.wait) {
    print(io, options, job, [job.id]);
    return EXIT.done;
  }
  io.err(job.id);
  return waitFor(io, client, job.id, options);
}
