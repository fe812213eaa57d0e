// `longhaul jobs`, `show`, `watch` and the steering commands.
import type { Job, JobState } from '../../core/job.js';
import type { Action, JobFilter } from '../../client/index.js';
import { page, percentText, sourceText } from '../describe.js';
import { EXIT, printError, usageError } from '../errors.js';
import { count, table, time } from '../format.js';
import type { Io } from '../io.js';
import { waitFor } from '../wait.js';
import { type ClientOptions, connect, print } from './common.js';

export async function jobs(io: Io, options: ClientOptions & JobFilter): Promise<number> {
  const { kind, state, source, sink, tenant, schedule, limit, cursor } = options;
  const client = await connect(io, options);
  const found = await client.list({ kind, state, source, sink, tenant, schedule, limit, cursor });
  print(io, options, found, table(HEADER, found.jobs.map(row)));
  if (!options.json && found.next) io.err(`There are more: --cursor ${found.next}`);
  return EXIT.done;
}

export async function show(io: Io, id: string, options: ClientOptions): Promise<number> {
  const job = await (await connect(io, options)).show(id);
  print(io, options, job, page(job));
  if (!options.json && job.error) printError(io, job.error);
  return EXIT.done;
}

export async function watch(io: Io, id: string, options: ClientOptions): Promise<number> {
  const client = await connect(io, options);
  const onEvent = (job: Job) => io.out(JSON.stringify(job));
  return waitFor(io, client, id, options.json ? { onEvent } : {});
}

export async function steer(
  io: Io,
  steering: Exclude<Action, 'retry'>,
  id: string,
  options: ClientOptions,
): Promise<number> {
  const job = await (await connect(io, options)).steer(id, steering);
  print(io, options, job, [`${job.id} ${job.state}`]);
  if (!options.json && !WANTED[steering].includes(job.state))
    io.err(`It was asked to ${steering}; see \`longhaul watch ${id}\`.`);
  return EXIT.done;
}

/** The states that show a request as done: the answer comes before a worker has heard of it. */
const WANTED: Readonly<Record<Exclude<Action, 'retry'>, readonly JobState[]>> = {
  pause: ['paused'],
  resume: ['queued', 'running', 'waiting'],
  cancel: ['cancelling', 'cancelled'],
};

export interface SetOptions extends ClientOptions {
  readonly lanes?: number;
  readonly requestsPerSecond?: number | 'none';
}

export async function set(io: Io, id: string, options: SetOptions): Promise<number> {
  const { lanes, requestsPerSecond: pace } = options;
  if (lanes === undefined && pace === undefined) {
    throw usageError('There is nothing to set.', 'Give `--lanes N`, `--requests-per-second N`, or both.');
  }
  const change = { lanes, requestsPerSecond: pace === 'none' ? null : pace };
  const job = await (await connect(io, options)).change(id, change);
  print(io, options, job, [`${job.id} ${job.state}`]);
  return EXIT.done;
}

export interface RetryOptions extends ClientOptions {
  readonly wait?: boolean;
  readonly rejects?: boolean;
}

/** With `rejects` it is another job that is started, and waited for. */
export async function retry(io: Io, id: string, options: RetryOptions): Promise<number> {
  const client = await connect(io, options);
  const job = await (options.rejects ? client.retryRejects(id) : client.steer(id, 'retry'));
  if (options.wait) return waitFor(io, client, job.id, options);
  print(io, options, job, [`${job.id} ${job.state}`]);
  return EXIT.done;
}

const HEADER = ['ID', 'KIND', 'STATE', 'DONE', 'RECORDS', 'SOURCE', 'SINK', 'CREATED (UTC)'];

function row(job: Job): string[] {
  return [
    job.id,
    job.kind,
    job.state,
    percentText(job.progress).trim(),
    count(job.progress.records),
    sourceText(job),
    job.sink?.connection ?? '',
    time(job.createdAt),
  ];
}
