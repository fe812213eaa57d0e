// report.json: the job as the API shows it at its end, kept with the archive when Temporal has long forgotten it.
import type { Job } from './job.js';
import { toJob } from './view.js';
import type { JobMemo, JobRef } from './work.js';

/** `now` in epoch ms: the report is written just before the manifest, so this is the end as far as it can be known. */
export function reportOf({ id, ...request }: JobRef, job: JobMemo, now: number): Job {
  return toJob({
    id,
    status: 'COMPLETED',
    request: { ...request, bodyHash: null },
    job,
    closedAt: new Date(now).toISOString(),
    chunks: [],
    cancelRequested: false,
    webUi: null,
    now,
  });
}
