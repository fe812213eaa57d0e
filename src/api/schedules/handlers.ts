// The handlers of the routes of schedules.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { PublicConnection } from '../../config/public.js';
import type { z } from 'zod';
import type { Client } from '@temporalio/client';
import { LonghaulError } from '../../core/errors.js';
import { check } from '../../core/faults.js';
import type { JobState } from '../../core/job.js';
import type { JobSpec } from '../../core/spec.js';
import { readJson } from '../bodies.js';
import { callerOf } from '../caller.js';
import type { Jobs } from '../jobs.js';
import { named, RequestFaults } from '../problems.js';
import type { Soon } from '../soon.js';
import { assertRunnable } from '../spec-request.js';
import { specOf } from '../tenants.js';
import * as contract from './contracts.js';
import * as routes from './routes.js';
import { createSchedules } from './schedules.js';

interface Deps {
  readonly client: Client;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly connections: readonly PublicConnection[];
}

interface Reach {
  readonly soon: Soon;
  readonly jobsFor: (c: Context) => Jobs;
}

export function addSchedules(app: OpenAPIHono, deps: Deps, { jobsFor, soon }: Reach): void {
  const schedulesFor = (c: Context) => {
    const jobs = jobsFor(c);
    return createSchedules({ ...deps, tenant: callerOf(c).tenant, stateOf: (id) => stateOf(jobs, id) });
  };
  const read = <T extends { job: JobSpec }>(c: Context, schema: z.ZodType<T>) =>
    readSchedule(c, schema, deps.connections);
  app.openAPIRegistry.register('NewSchedule', contract.newSchedule);
  app.openAPIRegistry.register('ScheduleSettings', contract.scheduleSettings);
  app.openAPIRegistry.register('SchedulePause', contract.pauseBody);

  app.openapi(routes.addSchedule, async (c) => {
    const wanted = await read(c, contract.newSchedule);
    const schedule = await soon(() => schedulesFor(c).add(wanted));
    return c.json(schedule, 201, { location: `/v1/schedules/${schedule.name}` });
  });
  app.openapi(routes.listSchedules, async (c) => {
    const query = c.req.valid('query');
    return c.json({ schedules: await soon(() => schedulesFor(c).list(query)) }, 200);
  });
  app.openapi(routes.showSchedule, async (c) =>
    c.json(await soon(() => schedulesFor(c).show(c.req.valid('param').name)), 200),
  );
  app.openapi(routes.setSchedule, async (c) => {
    const settings = await read(c, contract.scheduleSettings);
    return c.json(await soon(() => schedulesFor(c).set(c.req.valid('param').name, settings)), 200);
  });
  app.openapi(routes.pauseSchedule, async (c) => {
    const note = await readNote(c);
    return c.json(await soon(() => schedulesFor(c).pause(c.req.valid('param').name, note)), 200);
  });
  app.openapi(routes.resumeSchedule, async (c) =>
    c.json(await soon(() => schedulesFor(c).resume(c.req.valid('param').name)), 200),
  );
  app.openapi(routes.triggerSchedule, async (c) => {
    const triggered = await soon(() => schedulesFor(c).trigger(c.req.valid('param').name));
    if (triggered.job !== null) c.header('location', `/v1/jobs/${triggered.job}`);
    return c.json(triggered, 202);
  });
  app.openapi(routes.removeSchedule, async (c) => {
    await soon(() => schedulesFor(c).remove(c.req.valid('param').name));
    return c.body(null, 204);
  });
}

/** Throws for a body that is no schedule, and for jobs that cannot run. */
async function readSchedule<T extends { job: JobSpec }>(
  c: Context,
  schema: z.ZodType<T>,
  connections: readonly PublicConnection[],
): Promise<T> {
  const checked = check(schema, await readJson(c));
  if (!checked.ok) throw new RequestFaults('spec_invalid', checked.faults);
  assertRunnable(checked.value.job, connections, ['job']);
  return { ...checked.value, job: specOf(checked.value.job, callerOf(c).tenant, ['job']) };
}

/** No body says nothing. */
async function readNote(c: Context): Promise<string> {
  if ((await c.req.text()) === '') return 'paused';
  const checked = check(contract.pauseBody, await readJson(c));
  if (!checked.ok) throw new RequestFaults('request_invalid', checked.faults);
  return checked.value.note ?? 'paused';
}

async function stateOf(jobs: Jobs, id: string): Promise<JobState | null> {
  try {
    return (await jobs.show(id)).state;
  } catch (error) {
    if (named(error)?.code === 'job_unknown') return null;
    throw error instanceof Error ? error : new LonghaulError('internal', String(error));
  }
}
