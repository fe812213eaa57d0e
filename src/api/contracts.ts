// What goes over the wire, as zod: the OpenAPI document and the types of the handlers both come from here.
import { z } from '@hono/zod-openapi';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { JOB_STATES, type Job } from '../core/job.js';
import { filterText, jobSpecSchema } from '../core/spec.js';
import type { ConnectionCheck } from '../core/work.js';

export const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
export const KINDS = jobSpecSchema.options.map((option) => option.shape.kind.value);
const time = z.iso.datetime();
export const count = z.number().int().min(0);

export const jobSpec = jobSpecSchema.meta({ id: 'JobSpec', description: 'What a job is to do.' });

const errorData = z
  .object({
    code: z.enum(codes),
    message: z.string(),
    hint: z.string(),
    stream: z.string().optional(),
    partition: z.string().optional(),
  })
  .meta({ id: 'ErrorData', description: 'A named error: what happened and what to do.' });

const progress = z
  .object({
    records: count,
    bytes: count.describe('Before compression.'),
    pages: count,
    requests: count.describe('Sent to the source, every attempt counted.'),
    retries: count,
    rejects: count,
    estimatedRecords: count.nullable(),
    percent: z.number().min(0).max(100).nullable(),
    recordsPerSecond: z.number().min(0).nullable(),
    etaSeconds: count.nullable(),
    waitingUntil: time.nullable(),
    waitingFor: z.string().nullable(),
  })
  .meta({ id: 'JobProgress', description: 'All figures are of durable work: what a checkpoint covers.' });

const streamProgress = z
  .object({
    name: z.string(),
    state: z.enum(['queued', 'running', 'completed']),
    records: count,
    estimatedRecords: count.nullable(),
    partitions: z.object({ done: count, running: count, total: count }),
  })
  .meta({ id: 'StreamProgress' });

const finding = z.object({
  path: z.string(),
  problem: z.enum(['damaged', 'missing', 'surplus']),
  detail: z.string(),
});

const extent = z.object({ segments: count, records: count, bytes: count, storedBytes: count });
const sampleSummary = z.object({
  share: z.string().describe('As it was asked for: `10%`.'),
  read: extent,
  of: extent.describe('The whole archive, or the streams of it that were asked for.'),
});

const result = z.object({
  records: count,
  bytes: count,
  storedBytes: count,
  segments: count,
  findings: z.array(finding).optional(),
  findingsTotal: count.optional(),
  differences: z
    .object({ same: count, added: count, removed: count, changed: count, duplicates: count })
    .optional()
    .describe(
      'Of a comparison, by key: `added` are only there, `removed` only in the archive, `duplicates` are keys that come more than once on a side.',
    ),
  sample: sampleSummary
    .optional()
    .describe(
      'Only of a verify that did not read every segment, and so is no proof of the whole: what it read, of how much. The sums beside it are of what was read and found intact.',
    ),
  files: count.optional().describe('That an export wrote.'),
  notes: z.array(z.string()).optional().describe('What a person should know of the result.'),
});

const [backup, verify, restore, exported] = jobSpecSchema.options;

export const job: z.ZodType<Job> = z
  .object({
    id: z.string(),
    kind: z.enum(KINDS),
    state: z.enum(JOB_STATES),
    source: z.union([backup.shape.source, verify.shape.source, restore.shape.source, exported.shape.source]),
    sink: z.union([backup.shape.sink, restore.shape.sink, exported.shape.sink]).nullable(),
    options: z.union([
      backup.shape.options.unwrap(),
      verify.shape.options.unwrap(),
      restore.shape.options.unwrap(),
      exported.shape.options,
    ]),
    archive: z
      .string()
      .nullable()
      .describe('`connection/prefix/id` of the archive that the job writes or reads; null: a copy has none.'),
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    progress,
    streams: z.array(streamProgress).describe('At most 50: the running ones, then the latest.'),
    streamsTotal: count,
    lanes: count.nullable().describe('Partitions worked on at a time; null: not begun.'),
    requestsPerSecond: z
      .number()
      .nullable()
      .describe('The pace that was asked for while it runs, of all lanes together; null: none.'),
    result: result.nullable(),
    error: errorData.nullable(),
    webUi: z.string().nullable(),
    schedule: z.string().optional().describe('The schedule that started it.'),
  })
  .meta({ id: 'Job' });

/** As the fields of a server-sent event. */
export const jobEvent = z
  .object({
    event: z.enum(['state', 'progress', 'done']),
    id: z.string().describe('What `Last-Event-ID` brings back.'),
    data: z.string().describe('The job, as JSON.'),
  })
  .meta({ id: 'JobEvent', description: 'One event of the stream.' });

export const jobPage = z
  .object({
    jobs: z.array(job),
    next: z.string().nullable().describe('`cursor` of the next page; null: this was the last one.'),
  })
  .meta({ id: 'JobPage' });
export type JobPage = z.infer<typeof jobPage>;

export const jobId = z.object({
  id: z
    .string()
    .min(1)
    .max(300)
    .openapi({ param: { name: 'id', in: 'path' } }),
});

export const retryBody = z
  .strictObject({
    rejects: z.boolean().optional().describe('Starts a restore of what the job has set aside.'),
  })
  .meta({ id: 'RetryBody' });

export const changeBody = z
  .strictObject({
    lanes: z
      .number()
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Partitions worked on at a time; at most `limits.concurrency` of the connection count.'),
    requestsPerSecond: z
      .number()
      .min(0.01)
      .max(10_000)
      .nullable()
      .optional()
      .describe('Of all lanes together, within the limits of the connection; null: nothing but those.'),
  })
  .refine((change) => Object.keys(change).length > 0, 'says nothing to change')
  // Said once more for the document, which knows nothing of the line above.
  .meta({ id: 'JobChange', minProperties: 1 });

export const jobFilter = z.strictObject({
  kind: z.enum(KINDS).optional(),
  state: z.enum(JOB_STATES).optional(),
  source: filterText.optional().describe('Connection that is read.'),
  sink: filterText.optional().describe('Connection that is written.'),
  tenant: filterText.max(100).optional(),
  schedule: filterText.max(100).optional().describe('Name of the schedule that started it.'),
  limit: z.coerce.number().int().min(1).max(200).optional().describe('Default 50.'),
  // A URL may have 16 KiB with all headers.
  cursor: z.string().min(1).max(14_000).optional().describe('`next` of the page before.'),
});
export type JobFilter = z.infer<typeof jobFilter>;

const connection = z
  .object({
    name: z.string(),
    type: z.string().describe('`http`, `postgres`, `file`, `s3`, or that of a connector of one’s own.'),
    roles: z.array(z.enum(['source', 'sink', 'target'])).readonly(),
    limits: z.object({
      requestsPerSecond: z.number().optional(),
      concurrency: z.number().optional(),
      requestsPerDay: z.number().optional(),
      window: z
        .object({ from: z.string(), to: z.string(), timeZone: z.string().optional() })
        .optional()
        .describe('The hours in which jobs may use it.'),
    }),
    streams: z.array(z.string()).readonly().nullable().describe('null: the source itself says what it has.'),
  })
  .meta({
    id: 'Connection',
    description: 'What may be known of a connection: never an address or a secret.',
  });

export const connectionList = z.object({ connections: z.array(connection) }).meta({ id: 'ConnectionList' });
export type ConnectionList = z.infer<typeof connectionList>;

export const connectionName = z.object({
  name: z.string().openapi({ param: { name: 'name', in: 'path' } }),
});

export const connectionCheck: z.ZodType<ConnectionCheck> = z
  .object({
    connection: z.string(),
    ok: z.boolean(),
    detail: z.string().describe('What was seen: server version, reachable streams, free space.'),
    error: errorData.nullable(),
  })
  .meta({ id: 'ConnectionCheck' });

const backlog = z.object({
  tasks: count.describe('Approximate number of tasks that no worker has taken yet.'),
  ageSeconds: z.number().min(0).describe('Age of the oldest of them.'),
  addedPerSecond: z.number().min(0),
  takenPerSecond: z.number().min(0),
});

export const queue = z
  .object({
    taskQueue: z.string(),
    workflows: backlog.describe('Steps of jobs: deciding what comes next.'),
    chunks: backlog.describe('The work itself: scale workers on this one.'),
    workers: z
      .array(z.object({ identity: z.string(), lastSeenAt: time.nullable() }))
      .describe('That polled within the last five minutes, as far as Temporal remembers.'),
  })
  .meta({ id: 'Queue' });
export type Queue = z.infer<typeof queue>;

export const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
export const readiness = z
  .object({ status: z.literal('ready'), namespace: z.string() })
  .meta({ id: 'Readiness' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string().describe('Path of the request.'),
    code: z.enum(codes),
    hint: z.string().describe('What to do about it.'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Every fault of the request, with its path: `source.streams.0`.'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });
export type Problem = z.infer<typeof problem>;
