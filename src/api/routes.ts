// The table of routes: path, what goes in, and every status that can come out. /openapi.json is made of it.
import { createRoute, z } from '@hono/zod-openapi';
import * as contract from './contracts.js';
import type { Action } from './conflicts.js';

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: contract.problem } },
});

/** Of every route. */
export const misaddressed = {
  403: problem('Called by a name that is not the API’s, or by a page that is not (`host_refused`).'),
  431: { description: 'Path, parameters and headers have more than 16 KiB together.' },
};
const later = (description: string) => ({
  ...problem(description),
  headers: {
    'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' as const, minimum: 1 } },
  },
});
export const unlessKeyed = {
  401: problem(
    'No key, or one that is not known, where the API has keys (`access_key_missing`, `access_key_unknown`).',
  ),
  429: later('Too many keys that are not known came from this address (`access_keys_exceeded`).'),
};
/** Of every route that needs a key. */
export const refused = {
  ...misaddressed,
  ...unlessKeyed,
  429: later(
    'More requests than one key may send (`requests_exceeded`). Or too many keys that are not known came from this address (`access_keys_exceeded`).',
  ),
  403: problem(
    'The role of the key is too small (`role_insufficient`). Or called by a name that is not the API’s, or by a page that is not (`host_refused`).',
  ),
};
export const failed = { 500: problem('A fault of the API (`internal`).') };
const away = { 503: problem('Temporal cannot be used (`temporal_unreachable`, `temporal_unprepared`).') };
export const always = { ...refused, ...failed, ...away };
export const badRequest = { 400: problem('Parameters or body cannot be read (`request_invalid`).') };
export const unknownJob = { 404: problem('No such job (`job_unknown`).') };
const job = json(contract.job, 'The job.');

export const startJob = createRoute({
  method: 'post',
  path: '/v1/jobs',
  operationId: 'startJob',
  tags: ['jobs'],
  summary: 'Start a job',
  description: 'Returns at once. Work begins when a worker takes the job.',
  request: {
    headers: z.object({
      'idempotency-key': z
        .string()
        .min(1)
        .max(255)
        .optional()
        .describe('The same key and body again: the same job, also after it has ended.'),
    }),
    // Held against the schema by the handler, which knows the connections as well and words its faults better.
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/JobSpec' } } },
    },
  },
  responses: {
    202: {
      ...json(contract.job, 'The job, queued; or as it stands, where the key is known.'),
      headers: { Location: { description: 'Where the job is shown.', schema: { type: 'string' } } },
    },
    ...badRequest,
    409: problem('The Idempotency-Key was used for another body (`idempotency_conflict`).'),
    413: problem('The body is too large (`request_invalid`).'),
    415: problem('The body is not said to be JSON (`request_invalid`).'),
    422: problem(
      'The job cannot run: `spec_invalid`, `connection_unknown`, `connection_unsuitable`, `stream_unknown`, `base_unsuitable`.',
    ),
    ...always,
  },
});

export const listJobs = createRoute({
  method: 'get',
  path: '/v1/jobs',
  operationId: 'listJobs',
  tags: ['jobs'],
  summary: 'List jobs, newest first',
  description:
    'Needs no worker. Progress is that of finished chunks; a single job shows the running ones as well. A change shows up within about a second.',
  request: { query: contract.jobFilter },
  responses: { 200: json(contract.jobPage, 'A page of jobs.'), ...badRequest, ...always },
});

export const showJob = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}',
  operationId: 'showJob',
  tags: ['jobs'],
  summary: 'Show a job',
  description: 'Needs no worker.',
  request: { params: contract.jobId },
  responses: { 200: job, ...unknownJob, ...always },
});

export const watchJob = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/events',
  operationId: 'watchJob',
  tags: ['jobs'],
  summary: 'Watch a job',
  description:
    'Server-sent events `state`, `progress` and, last, `done`; the data of each is the job. Figures never go back within a stream, nor across a reconnect with `Last-Event-ID`.',
  request: {
    params: contract.jobId,
    headers: z.object({ 'last-event-id': z.string().optional().describe('`id` of the last event seen.') }),
  },
  responses: {
    200: {
      description: 'The events, until the job is done.',
      content: { 'text/event-stream': { schema: contract.jobEvent } },
    },
    204: { description: 'The job has ended and `done` was seen: nothing more will come.' },
    ...unknownJob,
    ...always,
  },
});

const steer = (action: Action, summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `/v1/jobs/{id}/${action}`,
    operationId: `${action}Job`,
    tags: ['jobs'],
    summary,
    description: `${description} Repeated calls are harmless.`,
    request: { params: contract.jobId },
    responses: {
      202: job,
      ...unknownJob,
      409: problem('The state of the job does not allow it (`job_state_conflict`).'),
      ...always,
    },
  });

export const steering = {
  pause: steer('pause', 'Pause a job', 'It stops at its next checkpoint and asks for no new page.'),
  resume: steer('resume', 'Resume a job', 'It goes on from the exact page.'),
  cancel: steer('cancel', 'Cancel a job', 'What it wrote is removed. It cannot be taken up again.'),
} as const;

export const changeJob = createRoute({
  method: 'patch',
  path: '/v1/jobs/{id}',
  operationId: 'changeJob',
  tags: ['jobs'],
  summary: 'Change a job while it runs',
  description:
    'Fewer lanes: the chunks end at their next checkpoint, and as many as asked for go on. More lanes start at once. For another pace the chunks end at a checkpoint as well, and go on at it. It holds until the job ends, also over a retry. Repeated calls are harmless.',
  request: {
    params: contract.jobId,
    // Read by the handler, as the body of a start is.
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/JobChange' } } },
    },
  },
  responses: {
    202: job,
    ...badRequest,
    ...unknownJob,
    409: problem('The state of the job does not allow it (`job_state_conflict`).'),
    413: problem('The body is too large (`request_invalid`).'),
    415: problem('The body is not said to be JSON (`request_invalid`).'),
    ...always,
  },
});

export const retryJob = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/retry',
  operationId: 'retryJob',
  tags: ['jobs'],
  summary: 'Retry a failed job, or what a restore has set aside',
  description:
    'Without a body a failed job goes on from its checkpoints. With `rejects` a new restore tries the records again that the ended one has set aside: the same new job however often this is called, until that has completed with rejects of its own; then those are tried. Repeated calls are harmless.',
  request: {
    params: contract.jobId,
    // Read by the handler: no body at all, of whatever content type, is the plain retry.
    body: {
      required: false,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/RetryBody' } } },
    },
  },
  responses: {
    202: {
      ...json(contract.job, 'The job; with `rejects` the new one.'),
      headers: { Location: { description: 'Where that job is shown.', schema: { type: 'string' } } },
    },
    ...badRequest,
    ...unknownJob,
    409: problem('The state of the job does not allow it (`job_state_conflict`).'),
    413: problem('The body is too large (`request_invalid`).'),
    415: problem('The body is not said to be JSON (`request_invalid`).'),
    ...always,
  },
});

export const listConnections = createRoute({
  method: 'get',
  path: '/v1/connections',
  operationId: 'listConnections',
  tags: ['connections'],
  summary: 'List the configured connections',
  responses: {
    200: json(contract.connectionList, 'Names, types and limits; never secrets.'),
    ...refused,
    ...failed,
  },
});

export const checkConnection = createRoute({
  method: 'post',
  path: '/v1/connections/{name}/check',
  operationId: 'checkConnection',
  tags: ['connections'],
  summary: 'Let a worker try a connection',
  request: { params: contract.connectionName },
  responses: {
    200: json(contract.connectionCheck, 'What the worker saw, whether it worked or not.'),
    404: problem('No such connection (`connection_unknown`).'),
    ...refused,
    ...failed,
    503: problem(
      'No worker answers (`worker_unavailable`), or Temporal cannot be used (`temporal_unreachable`).',
    ),
  },
});

export const showQueue = createRoute({
  method: 'get',
  path: '/v1/queue',
  operationId: 'showQueue',
  tags: ['service'],
  summary: 'Backlog, its age, and the workers that poll',
  responses: { 200: json(contract.queue, 'The task queue.'), ...always },
});

export const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tags: ['service'],
  summary: 'Figures for Prometheus',
  description:
    'While Temporal does not answer, those of this process alone, and `longhaul_temporal_up` is 0.',
  responses: {
    200: {
      description: 'In the text format of Prometheus.',
      content: { 'text/plain': { schema: z.string() } },
    },
    ...refused,
    ...failed,
  },
});

export const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'healthz',
  tags: ['service'],
  summary: 'The API is up',
  responses: { 200: json(contract.health, 'It is.'), ...misaddressed },
});

export const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'readyz',
  tags: ['service'],
  summary: 'Jobs can be started',
  responses: { 200: json(contract.readiness, 'Temporal answers and is set up.'), ...always },
});
