// What a job leaves in Temporal: the events of all runs of its workflow, and the size of the largest value in them.
import { Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type Event = temporal.api.history.v1.IHistoryEvent;

export interface JobHistory {
  /** Of each run in turn: a long job continues as new. */
  readonly runs: readonly (readonly Event[])[];
  readonly events: number;
  readonly activities: number;
  /** Bytes of the largest payload or text in any event. */
  readonly largest: number;
}

/** Reads from the server at host:port, which no API or worker stands before. */
export async function jobHistory(address: string, id: string): Promise<JobHistory> {
  const connection = await Connection.connect({ address });
  try {
    const runs = await readRuns(connection, id);
    const events = runs.flat();
    return {
      runs,
      events: events.length,
      activities: events.filter((event) => event.activityTaskScheduledEventAttributes).length,
      largest: largestIn(events),
    };
  } finally {
    await connection.close();
  }
}

/** Bytes of the largest value that the running chunks have beaten; 0 while nothing runs. */
export async function largestHeartbeat(address: string, id: string): Promise<number> {
  const connection = await Connection.connect({ address });
  try {
    const execution = { workflowId: id };
    const answer = await connection.workflowService.describeWorkflowExecution({ namespace, execution });
    return largestIn(answer.pendingActivities.map(({ heartbeatDetails }) => heartbeatDetails));
  } finally {
    await connection.close();
  }
}

const namespace = 'default';

/** The newest run is found first; each names the one before it. */
async function readRuns(connection: Connection, workflowId: string): Promise<Event[][]> {
  const runs: Event[][] = [];
  for (let runId: string | undefined = ''; runId !== undefined;) {
    const events = await readEvents(connection, { workflowId, runId });
    runs.unshift(events);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return runs;
}

async function readEvents(
  { workflowService }: Connection,
  execution: { workflowId: string; runId: string },
): Promise<Event[]> {
  const events: Event[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const request = { namespace, execution, ...(nextPageToken && { nextPageToken }) };
    const page = await workflowService.getWorkflowExecutionHistory(request);
    events.push(...(page.history?.events ?? []));
    ({ nextPageToken } = page);
  } while (nextPageToken.length > 0);
  return events;
}

function largestIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map(largestIn));
}
