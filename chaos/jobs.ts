// Runs one job to its end through whatever happens, and holds it against what holds for every job: it ends by itself, goes from
// state to state as jobs may, and leaves little in Temporal.
import { ENDED, type Job } from '../src/core/job.js';
import type { JobSpec } from '../src/core/spec.js';
import { jobHistory } from '../test/support/job-history.js';
import { until } from '../test/support/until.js';
import type { Stage } from './stage.js';
import { changesOf } from './states.js';
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
  /** How often jobs were retried that a full disk had ended. */
  retried: number;
  /** `from → to`: how often jobs went so. */
  readonly changes: Map<string, number>;
  mostEvents: number;
  largestPayload: number;
}

export const emptyTally = (): Tally => ({
  jobs: new Map(),
  records: 0,
  pages: 0,
  repeated: 0,
  retried: 0,
  changes: new Map(),
  mostEvents: 0,
  largestPayload: 0,
});

export type RunJob = (spec: JobSpec) => Promise<Job>;

export function createRunJob({ longhaul, disk }: Stage, watch: Watch, tally: Tally): RunJob {
  let posted = 0;

  /** A disk that is full ends a job by that name, and a retry goes on when there is room; before that it ends like the one before. */
  async function ended(id: string): Promise<Job> {
    const since = performance.now();
    watch.follow(id);
    const job = await longhaul.waitFor(id, 'it ends', hasEnded, ENDS_WITHIN_MS);
    await expectHistory(longhaul.temporal, job, tally);
    if (!disk?.excuses(job, since)) return job;
    tally.retried += 1;
    await until(`${id} is retried`, async () => {
      const answer = await longhaul.call('POST', `/v1/jobs/${id}/retry`).catch(() => null);
      return answer !== null && [202, 409].includes(answer.status);
    });
    return ended(id);
  }

  return async (spec) => {
    const job = await ended(await post(longhaul, spec, `chaos-${++posted}`));
    if (job.state !== 'completed') throw new Error(`${job.id} ${job.state}: ${JSON.stringify(job.error)}`);
    count(tally.jobs, nameOf(spec));
    tally.records += job.result?.records ?? 0;
    return job;
  };
}

const count = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);

const hasEnded = ({ state }: Job): boolean => ENDED.includes(state);

/** Again under the same key while nobody answers: the job is started once. */
async function post(longhaul: Stage['longhaul'], spec: JobSpec, key: string): Promise<string> {
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

async function expectHistory(address: string, { id }: Job, tally: Tally): Promise<void> {
  const { runs, largest } = await until(`the history of ${id}`, () =>
    jobHistory(address, id).catch(() => undefined),
  );
  for (const change of changesOf(id, runs)) count(tally.changes, change);
  const events = Math.max(...runs.map((run) => run.length));
  tally.mostEvents = Math.max(tally.mostEvents, events);
  tally.largestPayload = Math.max(tally.largestPayload, largest);
  if (events > MOST_EVENTS) throw new Error(`${id}: a run of ${events} events`);
  if (largest > LARGEST_BYTES) throw new Error(`${id}: a payload of ${largest} bytes`);
}
