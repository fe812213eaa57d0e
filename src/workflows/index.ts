// The workflow types of Longhaul. Their names are what the Web UI shows as a job's type.
import { checkConnection as check, removeArchive as remove } from './activities.js';
import { runJob } from './job.js';
import type { SealSummary } from '../core/connector.js';
import type { ConnectionCheck, JobInput, Removal, RemovalInput, ScheduledInput } from '../core/work.js';

export async function backup(input: JobInput | ScheduledInput): Promise<SealSummary> {
  return runJob(input);
}

export async function verify(input: JobInput | ScheduledInput): Promise<SealSummary> {
  return runJob(input);
}

export async function restore(input: JobInput | ScheduledInput): Promise<SealSummary> {
  return runJob(input);
}

export async function copy(input: JobInput | ScheduledInput): Promise<SealSummary> {
  return runJob(input);
}

async function exportFiles(input: JobInput | ScheduledInput): Promise<SealSummary> {
  return runJob(input);
}
export { exportFiles as export };

export async function checkConnection(input: { readonly connection: string }): Promise<ConnectionCheck> {
  return check(input);
}

export async function removeArchive(input: RemovalInput): Promise<Removal> {
  return remove(input);
}
