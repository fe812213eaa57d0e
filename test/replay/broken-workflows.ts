// What nobody may do to a workflow that runs somewhere: a new command before the old ones, without `patched()`.
import { sleep } from '@temporalio/workflow';
import type { SealSummary } from '../../src/core/connector.js';
import type { JobInput } from '../../src/core/work.js';
import { runJob } from '../../src/workflows/job.js';

export async function backup(input: JobInput): Promise<SealSummary> {
  await sleep(1);
  return runJob(input);
}
