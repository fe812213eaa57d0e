// The routes of schedules.
import { createRoute } from '@hono/zod-openapi';
import { always, badRequest, json, problem } from '../routes.js';
import * as contract from './contracts.js';

const schedule = json(contract.schedule, 'The schedule.');
const unknown = { 404: problem('No such schedule (`schedule_unknown`).') };
const unreadable = {
  413: problem('The body is too large (`request_invalid`).'),
  415: problem('The body is not said to be JSON (`request_invalid`).'),
};
const unfit = {
  422: problem(
    'It cannot be kept or its jobs cannot run: `spec_invalid`, `connection_unknown`, `connection_unsuitable`, `stream_unknown`.',
  ),
};

/** Read by the handler, as the body of a start is. */
const body = (name: string, required: boolean) => ({
  required,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

export const addSchedule = createRoute({
  method: 'post',
  path: '/v1/schedules',
  operationId: 'addSchedule',
  tags: ['schedules'],
  summary: 'Start jobs by a schedule',
  description: 'The spec of its jobs is checked as that of a job is.',
  request: { body: body('NewSchedule', true) },
  responses: {
    201: {
      ...schedule,
      headers: { Location: { description: 'Where it is shown.', schema: { type: 'string' } } },
    },
    ...badRequest,
    409: problem('There is one of that name (`schedule_exists`).'),
    ...unreadable,
    ...unfit,
    ...always,
  },
});

export const listSchedules = createRoute({
  method: 'get',
  path: '/v1/schedules',
  operationId: 'listSchedules',
  tags: ['schedules'],
  summary: 'List the schedules, by name',
  description: 'A change shows up within about a second.',
  request: { query: contract.scheduleQuery },
  responses: { 200: json(contract.scheduleList, 'All of them.'), ...badRequest, ...always },
});

export const showSchedule = createRoute({
  method: 'get',
  path: '/v1/schedules/{name}',
  operationId: 'showSchedule',
  tags: ['schedules'],
  summary: 'Show a schedule',
  request: { params: contract.scheduleParams },
  responses: { 200: schedule, ...unknown, ...always },
});

export const setSchedule = createRoute({
  method: 'put',
  path: '/v1/schedules/{name}',
  operationId: 'setSchedule',
  tags: ['schedules'],
  summary: 'Change a schedule',
  description:
    'The settings take the place of those before; what is left out is the default. Pause, note and runs stay, and a running job goes on as it began.',
  request: { params: contract.scheduleParams, body: body('ScheduleSettings', true) },
  responses: { 200: schedule, ...badRequest, ...unknown, ...unreadable, ...unfit, ...always },
});

export const pauseSchedule = createRoute({
  method: 'post',
  path: '/v1/schedules/{name}/pause',
  operationId: 'pauseSchedule',
  tags: ['schedules'],
  summary: 'Pause a schedule',
  description: 'It starts no job until it is resumed. Running ones go on. Repeated calls are harmless.',
  request: { params: contract.scheduleParams, body: body('SchedulePause', false) },
  responses: { 200: schedule, ...badRequest, ...unknown, ...unreadable, ...always },
});

export const resumeSchedule = createRoute({
  method: 'post',
  path: '/v1/schedules/{name}/resume',
  operationId: 'resumeSchedule',
  tags: ['schedules'],
  summary: 'Resume a schedule',
  description: 'Starts that fell into the pause are not made up for. Repeated calls are harmless.',
  request: { params: contract.scheduleParams },
  responses: { 200: schedule, ...unknown, ...always },
});

export const triggerSchedule = createRoute({
  method: 'post',
  path: '/v1/schedules/{name}/trigger',
  operationId: 'triggerSchedule',
  tags: ['schedules'],
  summary: 'Start a job of a schedule now',
  description: 'Also while it is paused. `overlap` holds as for every start.',
  request: { params: contract.scheduleParams },
  responses: {
    202: {
      ...json(contract.triggered, 'The job, and the schedule.'),
      headers: { Location: { description: 'Where the job is shown.', schema: { type: 'string' } } },
    },
    ...unknown,
    409: problem('The job before still runs, and `overlap` is `skip` (`schedule_busy`).'),
    ...always,
  },
});

export const removeSchedule = createRoute({
  method: 'delete',
  path: '/v1/schedules/{name}',
  operationId: 'removeSchedule',
  tags: ['schedules'],
  summary: 'Remove a schedule',
  description: 'Its jobs and their archives stay; running ones go on.',
  request: { params: contract.scheduleParams },
  responses: { 204: { description: 'It is gone.' }, ...unknown, ...always },
});
