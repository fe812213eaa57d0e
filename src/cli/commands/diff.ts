// `longhaul diff`: compares two archives and says at once what is different.
import type { Job } from '../../core/job.js';
import type { Client } from '../client.js';
import { comparedText, differenceRows } from '../describe.js';
import { EXIT, printError } from '../errors.js';
import { table } from '../format.js';
import type { Io } from '../io.js';
import { verifySpec, type StartOptions, type VerifyOptions } from '../specs.js';
import { endOf, exitOf } from '../wait.js';
import { connect } from './common.js';

const SHOWN = 20;

export async function diff(io: Io, archive: string, other: string, options: VerifyOptions): Promise<number> {
  const client = await connect(io, options);
  const { id } = await client.start(verifySpec(archive, { ...options, against: other }), {
    idempotencyKey: options.idempotencyKey,
  });
  io.err(id);
  const job = await endOf(io, client, id);
  if (!job) return EXIT.detached;
  await show(io, client, job, options);
  return exitOf(job);
}

async function show(io: Io, client: Client, job: Job, options: StartOptions): Promise<void> {
  const found = job.result?.differences;
  const page = found ? await client.differences(job.id, { limit: SHOWN }) : null;
  if (options.json) io.out(JSON.stringify({ job, ...page }));
  else if (found && page) {
    io.out(comparedText(found));
    if (page.differences.length > 0) for (const line of table(...differenceRows(page))) io.out(line);
    if (page.next) io.err(`There are more: longhaul differences ${job.id}`);
  }
  if (job.error && job.error.code !== 'archive_differs') printError(io, job.error);
}
