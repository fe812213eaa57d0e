// The list of jobs as a table that drops its lesser columns where the screen is narrow.
import type { Job } from '../../core/job.js';
import { ENDED } from '../../core/job.js';
import { useNow } from '../hooks/clock.js';
import { fromText, waitText } from '../kinds.js';
import { jobHref } from '../route.js';
import { Bar } from '../ui/bar.js';
import { State } from '../ui/state.js';
import { Table, type Column } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { bytes, count, counted, duration, percent, perSecond } from '../words.js';

export function JobTable({ jobs }: { readonly jobs: readonly Job[] }) {
  const now = useNow(jobs.some((job) => !ENDED.includes(job.state)));
  return <Table class="jobs" columns={columnsAt(now)} rows={jobs} keyOf={({ id }) => id} />;
}

const figure = (title: string, cell: Column<Job>['cell']) => ({ title, cell, number: true, wide: true });

function columnsAt(now: number): readonly Column<Job>[] {
  return [
    { title: 'Job', cell: (job) => <Name job={job} /> },
    { title: 'State', cell: (job) => <Standing job={job} now={now} /> },
    { title: 'Progress', class: 'progress', cell: (job) => <Progress job={job} /> },
    figure('Records', ({ progress }) => count(progress.records)),
    figure('Size', ({ progress }) => bytes(progress.bytes)),
    figure('Rate', ({ progress: { recordsPerSecond: rate } }) => (rate === null ? '–' : perSecond(rate))),
    figure('Created', ({ createdAt }) => <Time iso={createdAt} now={now} />),
  ];
}

function Name({ job }: { readonly job: Job }) {
  return (
    <>
      <a href={jobHref(job.id)}>{job.id}</a>
      <Way job={job} />
    </>
  );
}

function Standing({ job, now }: { readonly job: Job; readonly now: number }) {
  return (
    <>
      <State state={job.state} />
      <Remark job={job} now={now} />
    </>
  );
}

function Progress({ job }: { readonly job: Job }) {
  const { percent: value } = job.progress;
  return (
    <>
      <Bar label={`Progress of ${job.id}`} value={value} moving={job.state === 'running'} />
      <span class="quiet">{progressText(job)}</span>
    </>
  );
}

function Way({ job }: { readonly job: Job }) {
  const tenant = job.options.tenant;
  const to = job.sink ? ` → ${job.sink.connection}` : '';
  return (
    <span class="quiet way">
      {job.kind} {fromText(job)}
      {to}
      {tenant && ` · ${tenant}`}
    </span>
  );
}

/** What one wants to know beside the state: why it failed, what it waits for, how long it will take. */
function Remark({ job: { error, state, progress }, now }: { readonly job: Job; readonly now: number }) {
  if (error) return <code class="quiet remark">{error.code}</code>;
  if (progress.waitingUntil !== null) {
    const left = duration((Date.parse(progress.waitingUntil) - now) / 1_000);
    return <span class="quiet remark">{`waits ${left}: ${waitText(progress)}`}</span>;
  }
  if (state === 'running' && progress.etaSeconds !== null)
    return <span class="quiet remark">{duration(progress.etaSeconds)} left</span>;
  if (progress.rejects > 0) return <span class="quiet remark">{counted(progress.rejects, 'reject')}</span>;
  return null;
}

function progressText({ progress }: Job): string {
  return progress.percent === null ? counted(progress.records, 'record') : percent(progress.percent);
}
