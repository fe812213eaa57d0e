// A schedule in words: a row of the list, a page on request.
import type { ListedSchedule, Schedule } from '../client/index.js';
import type { JobSpec } from '../core/spec.js';
import { sinkText, sourceText } from './describe.js';
import { count, time } from './format.js';

export const SCHEDULE_HEADER = ['NAME', 'WHEN', 'JOB', 'SOURCE', 'SINK', 'NEXT (UTC)', 'LAST JOB'];

export function scheduleRow(schedule: ListedSchedule): string[] {
  const { name, kind, source, sink, next, last, paused } = schedule;
  return [
    name,
    whenText(schedule),
    kind,
    source ?? '',
    sink ?? '',
    paused ? 'paused' : nextText(next),
    last?.job ?? '',
  ];
}

/** Everything there is to say about a schedule. */
export function schedulePage(schedule: Schedule): string[] {
  const { name, overlap, catchUp, pauseOnFailure, counts, next, note, paused } = schedule;
  const { started, skipped, missed } = counts;
  return [
    paused ? `${name} paused` : name,
    ...row('note', note),
    ...row('when', whenText(schedule)),
    ...row('job', jobText(schedule.job)),
    ...row('next', paused ? null : next.slice(0, 3).map(time).join(', ') || nextText(null)),
    ...row('overlap', overlap),
    ...row('catch up', catchUp),
    ...row('fails', pauseOnFailure ? 'a failed job pauses it' : null),
    ...row('jobs', `${count(started)} started, ${count(skipped)} skipped, ${count(missed)} missed`),
    ...schedule.running.flatMap((job) => row('running', job)),
    ...schedule.runs.flatMap((run) =>
      row('run', `${time(run.startedAt)} ${run.job} ${run.state ?? ''}`.trim()),
    ),
  ];
}

/** `0 3 * * * Europe/Berlin`, `every 6h`. */
function whenText({ cron, timeZone, every }: Pick<Schedule, 'cron' | 'timeZone' | 'every'>): string {
  return cron === null ? `every ${every}` : `${cron} ${timeZone ?? 'UTC'}`;
}

function nextText(next: string | null): string {
  return next === null ? 'never' : time(next);
}

/** `backup crm → vault/nightly` */
function jobText(spec: JobSpec): string {
  const sink = sinkText({ sink: spec.kind === 'verify' ? null : spec.sink });
  return `${spec.kind} ${sourceText(spec)}${sink === null ? '' : ` → ${sink}`}`;
}

function row(label: string, value: string | null): string[] {
  return value === null ? [] : [`  ${label.padEnd(9)} ${value}`];
}
