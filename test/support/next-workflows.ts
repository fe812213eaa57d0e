// What the next version may do to a workflow that runs somewhere: a new command, for jobs that begin with it only.
import { patched, sleep } from '@temporalio/workflow';
import type { SealSummary } from '../../src/core/connector.js';
import type { JobInput } from '../../src/core/work.js';
import { runJob } from '../../src/workflows/job.js';

export async function backup(input: JobInput): Promise<SealSummary> {
  if (patched('sleeps-first')) await sleep(1);
  return runJob(input);
}
