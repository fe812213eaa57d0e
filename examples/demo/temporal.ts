// What Temporal itself says about a job: the chunks that run now, and how much history the job took.
import { Client, Connection } from '@temporalio/client';

/** Of Temporal's PendingActivityState. */
const STARTED = 2;

export interface Usage {
  readonly runs: number;
  readonly activities: number;
  readonly events: number;
}

export interface TemporalView {
  /** The identities (`pid@host`) of the workers that run a chunk of the job at this moment. */
  runningChunks(jobId: string): Promise<readonly string[]>;
  /** Over all runs of the job's workflow. */
  usage(jobId: string): Promise<Usage>;
  close(): Promise<void>;
}

export async function viewTemporal(address: string): Promise<TemporalView> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    async runningChunks(jobId) {
      const { raw } = await client.workflow.getHandle(jobId).describe();
      return (raw.pendingActivities ?? [])
        .filter((activity) => activity.activityType?.name === 'copy' && Number(activity.state) === STARTED)
        .map((activity) => activity.lastWorkerIdentity ?? '');
    },
    async usage(jobId) {
      const total = { runs: 0, activities: 0, events: 0 };
      for await (const run of client.workflow.list({ query: `WorkflowId = '${jobId}'` })) {
        const { events = [] } = await client.workflow.getHandle(jobId, run.runId).fetchHistory();
        total.runs += 1;
        total.events += events?.length ?? 0;
        total.activities += events?.filter((event) => event.activityTaskScheduledEventAttributes).length ?? 0;
      }
      return total;
    },
    close: () => connection.close(),
  };
}
