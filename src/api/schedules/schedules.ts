// Keeps, shows and steers schedules: all of them are Temporal's own, and so outlive every process of Longhaul.
import { setTimeout as delay } from 'node:timers/promises';
import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
} from '@temporalio/client';
import { LonghaulError } from '../../core/errors.js';
import type { JobState } from '../../core/job.js';
import { SEARCH_ATTRIBUTES } from '../../core/names.js';
import type { JobSpec } from '../../core/spec.js';
import { named, RequestFaults } from '../problems.js';
import {
  scheduleName,
  type ListedSchedule,
  type NewSchedule,
  type Schedule,
  type ScheduleQuery,
  type ScheduleSettings,
  type Triggered,
} from './contracts.js';
import { runsOf, specOf, toListed, toSchedule, toTemporal } from './translation.js';

/** Every method with a name throws `schedule_unknown`; all of them Temporal's own errors. */
export interface Schedules {
  /** Throws `schedule_exists`, and `spec_invalid` for times that Temporal refuses. */
  add(schedule: NewSchedule): Promise<Schedule>;
  list(query: ScheduleQuery): Promise<ListedSchedule[]>;
  show(name: string): Promise<Schedule>;
  /** Throws `spec_invalid` for times that Temporal refuses. */
  set(name: string, settings: ScheduleSettings): Promise<Schedule>;
  pause(name: string, note: string): Promise<Schedule>;
  resume(name: string): Promise<Schedule>;
  /** Throws `schedule_busy` where the job before runs and overlaps are skipped. */
  trigger(name: string): Promise<Triggered>;
  remove(name: string): Promise<void>;
}

/** Temporal starts a job within some 30 ms. After this, which `Soon` allows, the answer is given without its id. */
const TRIGGER_MS = 1_700;
const LOOK_EVERY_MS = 25;

export interface SchedulesDeps {
  readonly client: Client;
  /** Epoch ms. */
  readonly clock: () => number;
  /** Whose schedules there are; null: all. */
  readonly tenant: string | null;
  /** The state of a job; null where there is none of that id. */
  readonly stateOf: (job: string) => Promise<JobState | null>;
}

/**
 * Temporal answers by asking the schedule's own workflow. On a busy machine 4 of 360 such questions had no answer within two
 * seconds, while those before and after took 200 ms: so it is asked once more in good time.
 */
const ASK_AGAIN_MS = 900;

export function createSchedules({ client, clock, tenant, stateOf }: SchedulesDeps): Schedules {
  async function find(name: string): Promise<Found> {
    if (!scheduleName.safeParse(name).success) throw unknown();
    const handle = client.schedule.getHandle(name);
    const description = await asked(() => handle.describe());
    const spec = specOf(description);
    if (!spec || (tenant !== null && spec.options?.tenant !== tenant)) throw unknown();
    return { handle, description, spec };
  }

  /** For calls that may be repeated. */
  async function asked<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(clock() + ASK_AGAIN_MS, call);
    } catch (error) {
      if (named(error)?.code !== 'temporal_unreachable') throw error;
      return call();
    }
  }

  async function view({ description, spec }: Found): Promise<Schedule> {
    const ids = runsOf(description).map(({ job }) => job);
    const states = new Map(await Promise.all(ids.map(async (id) => [id, await stateOf(id)] as const)));
    return toSchedule(description, spec, (job) => states.get(job) ?? null);
  }

  const show = async (name: string): Promise<Schedule> => view(await find(name));

  async function add({ name, ...settings }: NewSchedule): Promise<Schedule> {
    const kept = toTemporal(name, settings);
    await told(() => client.schedule.create({ scheduleId: name, ...kept })).catch((error: unknown) => {
      throw error instanceof ScheduleAlreadyRunning ? taken(name) : error;
    });
    return show(name);
  }

  async function list({ tenant: asked }: ScheduleQuery): Promise<ListedSchedule[]> {
    const query = [tenant ?? [], asked ?? []]
      .flat()
      .map((name) => `${SEARCH_ATTRIBUTES.tenant} = '${name}'`)
      .join(' AND ');
    const found: ListedSchedule[] = [];
    for await (const summary of client.schedule.list({ pageSize: 200, ...(query !== '' && { query }) })) {
      const listed = toListed(summary);
      if (listed) found.push(listed);
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function set(name: string, settings: ScheduleSettings): Promise<Schedule> {
    const { handle } = await find(name);
    // The client describes it once more before it changes it.
    await told(() => asked(() => handle.update(({ state }) => ({ ...toTemporal(name, settings), state }))));
    return show(name);
  }

  /** Does it, and shows what came of it. */
  async function steer(name: string, act: (handle: ScheduleHandle) => Promise<void>): Promise<Schedule> {
    await act((await find(name)).handle);
    return show(name);
  }

  async function trigger(name: string): Promise<Triggered> {
    const deadline = performance.now() + TRIGGER_MS;
    const before = await find(name);
    await delay(untilNextSecond(before));
    await before.handle.trigger(before.description.policies.overlap);
    const after = await outcome(before, deadline);
    const job = newJob(before, after);
    if (job === null && isSkipped(before, after)) throw busy(after.description);
    return { job, schedule: await view(after) };
  }

  /** In ms. Temporal names a job by the second for which it was planned, so two in one second would be the same job. */
  function untilNextSecond({ description }: Found): number {
    const last = description.info.recentActions.at(-1)?.scheduledAt.getTime() ?? 0;
    const left = Math.floor(last / 1_000) * 1_000 + 1_000 - clock();
    return left > 0 && left <= 1_000 ? left : 0;
  }

  /** Temporal acts on it a moment later. */
  async function outcome(before: Found, deadline: number): Promise<Found> {
    for (;;) {
      const after = await find(before.description.scheduleId);
      if (hasActed(before, after) || performance.now() > deadline) return after;
      await delay(LOOK_EVERY_MS);
    }
  }

  return {
    add,
    list,
    show,
    set,
    pause: (name, note) => steer(name, (handle) => handle.pause(note)),
    resume: (name) => steer(name, (handle) => handle.unpause('resumed')),
    trigger,
    remove: async (name) => (await find(name)).handle.delete(),
  };
}

interface Found {
  readonly handle: ScheduleHandle;
  readonly description: ScheduleDescription;
  readonly spec: JobSpec;
}

function newJob(before: Found, after: Found): string | null {
  const known = new Set(runsOf(before.description).map(({ job }) => job));
  return runsOf(after.description).find(({ job }) => !known.has(job))?.job ?? null;
}

function isSkipped(before: Found, after: Found): boolean {
  const skipped = ({ description }: Found) => description.info.numActionsSkippedOverlap;
  return skipped(after) > skipped(before);
}

function hasActed(before: Found, after: Found): boolean {
  const queued = ({ description }: Found) => Number(description.raw.info?.bufferSize ?? 0);
  return newJob(before, after) !== null || isSkipped(before, after) || queued(after) > queued(before);
}

/** What Temporal says of times is a fault of the request; its client throws it as a TypeError. */
async function told<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const path = [error.message.includes('time zone') ? 'timeZone' : 'cron'];
    throw new RequestFaults('spec_invalid', [{ path, message: error.message }]);
  }
}

function unknown(): LonghaulError {
  return new LonghaulError('schedule_unknown', 'There is no such schedule.');
}

function taken(name: string): LonghaulError {
  return new LonghaulError('schedule_exists', `There is a schedule ${name} already.`);
}

function busy({ info }: ScheduleDescription): LonghaulError {
  const running = info.runningActions.map(({ workflow }) => workflow.workflowId).join(', ');
  return new LonghaulError(
    'schedule_busy',
    `The job before still runs: ${running || 'it has just started'}.`,
  );
}
