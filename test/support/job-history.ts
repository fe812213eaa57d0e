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
    return await historyOf(connection, 'default', id);
  } finally {
    await connection.close();
  }
}

export async function historyOf(
  connection: Pick<Connection, 'workflowService'>,
  namespace: string,
  id: string,
): Promise<JobHistory> {
  const runs = await readRuns({ connection, namespace }, id);
  const events = runs.flat();
  return {
    runs,
    events: events.length,
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes).length,
    largest: largestIn(events),
  };
}

/** Bytes of the largest value that the running chunks have beaten; 0 while nothing runs. */
export async function largestHeartbeat(address: string, id: string): Promise<number> {
  const connection = await Connection.connect({ address });
  try {
    const execution = { workflowId: id };
    const answer = await connection.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution,
    });
    return largestIn(answer.pendingActivities.map(({ heartbeatDetails }) => heartbeatDetails));
  } finally {
    await connection.close();
  }
}

interface Place {
  readonly connection: Pick<Connection, 'workflowService'>;
  readonly namespace: string;
}

/** The newest run is found first; each names the one before it. */
async function readRuns(place: Place, workflowId: string): Promise<Event[][]> {
  const runs: Event[][] = [];
  for (let runId: string | undefined = ''; runId !== undefined;) {
    const events = await readEvents(place, { workflowId, runId });
    runs.unshift(events);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return runs;
}

async function readEvents(
  { connection: { workflowService }, namespace }: Place,
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
