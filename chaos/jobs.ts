// Runs one job to its end through whatever happens, and holds it against what holds for every job: it ends by itself, and
// leaves little in Temporal.
import { ENDED, type Job } from '../src/core/job.js';
import type { JobSpec } from '../src/core/spec.js';
import type { LonghaulInstance } from '../test/support/harness.js';
import { jobHistory } from '../test/support/job-history.js';
import { until } from '../test/support/until.js';
import type { Watch } from './watch.js';

const ENDS_WITHIN_MS = 600_000;
/** src/workflows/lanes.ts ends a run at 2,000; the lanes that are on their way then end their chunks first. */
const MOST_EVENTS = 2_500;
const LARGEST_BYTES = 65_536;

/** Figures of all jobs of a run. */
export interface Tally {
  readonly jobs: Map<string, number>;
  records: number;
  /** Pages that the API has served, and those that it served again to the same job. */
  pages: number;
  repeated: number;
  mostEvents: number;
  largestPayload: number;
}

export const emptyTally = (): Tally => ({
  jobs: new Map(),
  records: 0,
  pages: 0,
  repeated: 0,
  mostEvents: 0,
  largestPayload: 0,
});

export type RunJob = (spec: JobSpec) => Promise<Job>;

export function createRunJob(longhaul: LonghaulInstance, watch: Watch, tally: Tally): RunJob {
  let posted = 0;
  return async (spec) => {
    const id = await post(longhaul, spec, `chaos-${++posted}`);
    watch.follow(id);
    const job = await longhaul.waitFor(id, 'it ends', hasEnded, ENDS_WITHIN_MS);
    if (job.state !== 'completed') throw new Error(`${job.id} ${job.state}: ${JSON.stringify(job.error)}`);
    tally.jobs.set(nameOf(spec), (tally.jobs.get(nameOf(spec)) ?? 0) + 1);
    tally.records += job.result?.records ?? 0;
    await expectSmallHistory(longhaul.temporal, job, tally);
    return job;
  };
}

const hasEnded = ({ state }: Job): boolean => ENDED.includes(state);

/** Again under the same key while nobody answers: the job is started once. */
async function post(longhaul: LonghaulInstance, spec: JobSpec, key: string): Promise<string> {
  return until(`a job is taken: ${spec.kind}`, async () => {
    const headers = { 'idempotency-key': key };
    const answer = await longhaul.call<Job>('POST', '/v1/jobs', spec, headers).catch(() => null);
    if (answer === null || answer.status >= 500) return undefined;
    if (answer.status >= 400) throw new Error(JSON.stringify(answer.body));
    return answer.body.id;
  });
}

/** A comparison is a verify to the API, and another kind to people. */
function nameOf(spec: JobSpec): string {
  return spec.kind === 'verify' && spec.options?.against ? 'compare' : spec.kind;
}

async function expectSmallHistory(address: string, { id }: Job, tally: Tally): Promise<void> {
  const { runs, largest } = await until(`the history of ${id}`, () =>
    jobHistory(address, id).catch(() => undefined),
  );
  const events = Math.max(...runs.map((run) => run.length));
  tally.mostEvents = Math.max(tally.mostEvents, events);
  tally.largestPayload = Math.max(tally.largestPayload, largest);
  if (events > MOST_EVENTS) throw new Error(`${id}: a run of ${events} events`);
  if (largest > LARGEST_BYTES) throw new Error(`${id}: a payload of ${largest} bytes`);
}
