// Schedules as they go over the wire.
import { z } from '@hono/zod-openapi';
import { isTimeZone } from '../../config/window.js';
import { parseDuration } from '../../core/durations.js';
import { JOB_STATES } from '../../core/job.js';
import { filterText, type JobSpec } from '../../core/spec.js';
import { count, jobSpec, KINDS } from '../contracts.js';

const time = z.iso.datetime();
const YEAR_MS = 365 * 86_400_000;

/** It begins the ids of jobs, and the names of their archives. */
export const scheduleName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,79}$/,
    'letters, digits, ".", "_" and "-", at most 80, a letter or digit at first',
  );

const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? Infinity) <= YEAR_MS, 'a length of time up to 365d: 15m, 6h, 1d');

export const OVERLAPS = ['skip', 'queue', 'parallel'] as const;

const settings = {
  cron: z
    .string()
    .max(200)
    .regex(
      /^[\w*,/-]+( [\w*,/-]+){4}$/,
      'five fields: minute, hour, day of the month, month, day of the week: 0 3 * * *',
    )
    .optional()
    .describe('When jobs start; a day has to match both its fields.'),
  timeZone: z
    .string()
    .max(100)
    .refine(isTimeZone, 'not a time zone that is known: like Europe/Berlin')
    .optional()
    .describe('Of `cron`, as an IANA name. Default UTC.'),
  every: duration.optional().describe('In place of `cron`: `15m`, `6h`, `1d`, counted from midnight UTC.'),
  overlap: z
    .enum(OVERLAPS)
    .optional()
    .describe(
      'What happens where the job before still runs: the new one is left out (`skip`, the default), starts after it (`queue`, one at most), or at once (`parallel`).',
    ),
  catchUp: duration
    .optional()
    .describe(
      'A start that was missed because Temporal was away is made up for within this time. Default 1d.',
    ),
  pauseOnFailure: z.boolean().optional().describe('A job that fails pauses the schedule. Default false.'),
  job: jobSpec.describe('What each job is to do. Its archive or folder is named after the job.'),
};

/** What is wrong with the fields together. */
function judge(
  { cron, every, timeZone, job }: { cron?: unknown; every?: unknown; timeZone?: unknown; job: JobSpec },
  context: z.RefinementCtx,
): void {
  const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (cron === undefined && every === undefined) wrong(['cron'], 'is missing; say `cron` or `every`');
  if (cron !== undefined && every !== undefined) wrong(['every'], 'cannot be given beside `cron`');
  if (cron === undefined && timeZone !== undefined) wrong(['timeZone'], 'is of `cron` only');
  const fixed = 'every job writes anew: leave it out, and it is named after the job';
  if (job.kind === 'backup' && job.sink.archive !== undefined) wrong(['job', 'sink', 'archive'], fixed);
  if (job.kind === 'restore' && job.source.rejectsOf !== undefined) {
    wrong(['job', 'source', 'rejectsOf'], 'is of one job that was: leave it out');
  }
  if (job.kind === 'export' && job.sink.name !== undefined) wrong(['job', 'sink', 'name'], fixed);
}

export const scheduleSettings = z
  .strictObject(settings)
  .superRefine(judge)
  .meta({ id: 'ScheduleSettings', description: 'When jobs start, and what they do.' });
export type ScheduleSettings = z.infer<typeof scheduleSettings>;

export const newSchedule = z
  .strictObject({ name: scheduleName, ...settings })
  .superRefine(judge)
  .meta({ id: 'NewSchedule', description: 'When jobs start, and what they do.' });
export type NewSchedule = z.infer<typeof newSchedule>;

export const pauseBody = z
  .strictObject({ note: z.string().min(1).max(500).optional().describe('Why; shown until it is resumed.') })
  .meta({ id: 'SchedulePause' });

const run = z.object({
  job: z.string().describe('Id of the job.'),
  scheduledAt: time.describe('When it was to start.'),
  startedAt: time,
});

const timing = {
  name: z.string(),
  cron: z.string().nullable(),
  timeZone: z.string().nullable().describe('Of `cron`; null: UTC.'),
  every: z.string().nullable(),
  paused: z.boolean(),
  note: z.string().nullable().describe('Why it is paused, or what was last said of it.'),
};

export const schedule = z
  .object({
    ...timing,
    overlap: z.enum(OVERLAPS),
    catchUp: z.string(),
    pauseOnFailure: z.boolean(),
    job: jobSpec,
    next: z.array(time).describe('The next starts, ten at most; none while it is paused.'),
    running: z.array(z.string()).describe('Ids of its jobs that it waits for; empty with `parallel`.'),
    runs: z
      .array(
        run.extend({
          state: z.enum(JOB_STATES).nullable().describe('null: Temporal has forgotten the job.'),
        }),
      )
      .describe('The last ten, newest first.'),
    counts: z.object({
      started: count,
      skipped: count.describe('Left out because the job before still ran.'),
      missed: count.describe('Too late for `catchUp`.'),
    }),
    createdAt: time,
    changedAt: time.nullable(),
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof schedule>;

const listed = z
  .object({
    ...timing,
    kind: z.enum(KINDS),
    source: z.string().nullable().describe('Connection that its jobs read.'),
    sink: z.string().nullable().describe('Connection that they write.'),
    tenant: z.string().nullable(),
    next: time.nullable(),
    last: run.nullable(),
  })
  .meta({ id: 'ListedSchedule' });
export type ListedSchedule = z.infer<typeof listed>;

export const scheduleList = z.object({ schedules: z.array(listed) }).meta({ id: 'ScheduleList' });
export type ScheduleList = z.infer<typeof scheduleList>;

export const scheduleQuery = z.strictObject({ tenant: filterText.max(100).optional() });
export type ScheduleQuery = z.infer<typeof scheduleQuery>;

export const triggered = z
  .object({
    job: z
      .string()
      .nullable()
      .describe('Id of the job; null: it starts after the one before, or is not known yet.'),
    schedule,
  })
  .meta({ id: 'Triggered' });
export type Triggered = z.infer<typeof triggered>;

/** A name that cannot be one is just not there. */
export const scheduleParams = z.object({
  name: z.string().openapi({ param: { name: 'name', in: 'path' } }),
});
