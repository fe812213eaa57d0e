// The list of jobs, newest first, from Temporal's visibility. That knows one order only: what is open by its start, then
// what has closed by its end. Since nothing ends before it starts, reading on until the ends are older than what is
// already there gives the newest starts.
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import type { Job, JobState } from '../core/job.js';
import { JOB_WORKFLOWS, SCHEDULED_BY, SEARCH_ATTRIBUTES } from '../core/names.js';
import { toJob } from '../core/view.js';
import type { JobFilter } from './contracts.js';
import { decodeCursor, encodeCursor } from './cursors.js';
import { listedFactsOf, type FactsDeps } from './facts.js';

export interface JobPage {
  readonly jobs: Job[];
  readonly next: string | null;
}

const DEFAULT_LIMIT = 50;

/** Those of a tenant; null: of all. Throws `request_invalid` for a cursor that no page gave. A job that was retried is listed once, by its latest run. */
export async function listJobs(deps: FactsDeps, asked: JobFilter, tenant: string | null): Promise<JobPage> {
  const { client } = deps;
  const filter = tenant === null ? asked : { ...asked, tenant };
  if (asked.tenant !== undefined && asked.tenant !== filter.tenant) return { jobs: [], next: null };
  const limit = filter.limit ?? DEFAULT_LIMIT;
  const cursor = filter.cursor === undefined ? null : decodeCursor(filter.cursor, cursorSchema);
  const runs = await newestRuns(client, queryOf(filter, cursor), limit + (cursor?.shown.length ?? 0));
  const rest = runs.filter(({ runId }) => !cursor?.shown.includes(runId));
  const page = rest.slice(0, limit);
  const replaced = await replacedRuns(client, page);
  return {
    jobs: page.filter(({ runId }) => !replaced.has(runId)).map((run) => toJob(listedFactsOf(deps, run))),
    next: rest.length > limit ? cursorAfter(page, cursor) : null,
  };
}

/** Their runs: a job that was retried counts once more. */
export async function countJobs(client: Client, filter: JobFilter): Promise<number> {
  return (await client.workflow.count(queryOf(filter, null))).count;
}

/** At least the `count + 1` newest that match, where there are so many, in order. */
async function newestRuns(client: Client, query: string, count: number): Promise<WorkflowExecutionInfo[]> {
  const [open, closed] = await Promise.all([
    readUntil(client, `${query} AND ExecutionStatus = 'Running'`, count, (run) => run.startTime),
    readUntil(
      client,
      `${query} AND ExecutionStatus != 'Running'`,
      count,
      (run) => run.closeTime ?? run.startTime,
    ),
  ]);
  return [...open, ...closed].sort((a, b) => +b.startTime - +a.startTime);
}

/** Reads until more than `count` runs started no earlier than anything that may still come. */
async function readUntil(
  client: Client,
  query: string,
  count: number,
  orderedBy: (run: WorkflowExecutionInfo) => Date,
): Promise<WorkflowExecutionInfo[]> {
  const runs: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query, pageSize: count + 1 })) {
    runs.push(run);
    if (runs.length > count && runs.filter(({ startTime }) => startTime >= orderedBy(run)).length > count)
      break;
  }
  return runs;
}

/** The ids of failed runs that a later run of the same job stands for. */
async function replacedRuns(client: Client, runs: readonly WorkflowExecutionInfo[]): Promise<Set<string>> {
  const failed = runs.filter(({ status }) => status.name === 'FAILED');
  if (failed.length === 0) return new Set();
  const ids = new Set(failed.map(({ workflowId }) => quoted(workflowId)));
  const latest = new Map<string, Date>();
  for await (const run of client.workflow.list({ query: `WorkflowId IN (${[...ids].join(', ')})` })) {
    const known = latest.get(run.workflowId);
    if (!known || known < run.startTime) latest.set(run.workflowId, run.startTime);
  }
  const replaced = failed.filter(
    ({ workflowId, startTime }) => (latest.get(workflowId) ?? startTime) > startTime,
  );
  return new Set(replaced.map(({ runId }) => runId));
}

function queryOf(filter: JobFilter, cursor: Cursor | null): string {
  const keywords = [
    [SEARCH_ATTRIBUTES.source, filter.source],
    [SEARCH_ATTRIBUTES.sink, filter.sink],
    [SEARCH_ATTRIBUTES.tenant, filter.tenant],
    [SCHEDULED_BY, filter.schedule],
  ] as const;
  const types = filter.kind ? [filter.kind] : JOB_WORKFLOWS;
  return [
    `WorkflowType IN (${types.map(quoted).join(', ')})`,
    `ExecutionStatus != 'ContinuedAsNew'`,
    ...(filter.state ? [stateQuery(filter.state)] : []),
    ...keywords.flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${quoted(value)}`])),
    ...(cursor ? [`StartTime < ${quoted(new Date(cursor.start + 1).toISOString())}`] : []),
  ].join(' AND ');
}

/** How a run ended is Temporal's to say; how it stands while it is open, the job's. */
function stateQuery(state: JobState): string {
  switch (state) {
    case 'completed':
      return `ExecutionStatus = 'Completed'`;
    case 'cancelled':
      return `ExecutionStatus = 'Canceled'`;
    case 'failed':
      return `ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`;
    default:
      return `ExecutionStatus = 'Running' AND ${SEARCH_ATTRIBUTES.state} = ${quoted(state)}`;
  }
}

/** Neither the filters, by `filterText`, nor the ids of jobs hold quotes and backslashes. */
function quoted(value: string): string {
  return `'${value}'`;
}

/** Where a page ended: the start of its last run in epoch ms, and the runs of that millisecond that were shown. */
/** A moment that a date can hold, the next one too. */
const moment = z.number().int().min(0).max(8_639_999_999_999_999);
const cursorSchema = z.object({ start: moment, shown: z.array(z.string()) });
type Cursor = z.infer<typeof cursorSchema>;

function cursorAfter(page: readonly WorkflowExecutionInfo[], before: Cursor | null): string {
  const start = Number(page.at(-1)?.startTime);
  const shown = page.filter((run) => Number(run.startTime) === start).map(({ runId }) => runId);
  const earlier = before?.start === start ? before.shown : [];
  return encodeCursor({ start, shown: [...earlier, ...shown] } satisfies Cursor);
}
