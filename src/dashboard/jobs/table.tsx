// The list of jobs as a table that drops its lesser columns where the screen is narrow.
import type { Job } from '../../core/job.js';
import { ENDED } from '../../core/job.js';
import { useNow } from '../hooks/clock.js';
import { fromText, waitText } from '../kinds.js';
import { jobHref } from '../route.js';
import { Bar } from '../ui/bar.js';
import { State } from '../ui/state.js';
import { Time } from '../ui/time.js';
import { bytes, count, counted, duration, percent, perSecond } from '../words.js';

export function JobTable({ jobs }: { readonly jobs: readonly Job[] }) {
  const now = useNow(jobs.some((job) => !ENDED.includes(job.state)));
  return (
    <table class="jobs" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            Job
          </th>
          <th scope="col" role="columnheader">
            State
          </th>
          <th scope="col" role="columnheader">
            Progress
          </th>
          <th scope="col" role="columnheader" class="number wide">
            Records
          </th>
          <th scope="col" role="columnheader" class="number wide">
            Size
          </th>
          <th scope="col" role="columnheader" class="number wide">
            Rate
          </th>
          <th scope="col" role="columnheader" class="number wide">
            Created
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {jobs.map((job) => (
          <Row key={job.id} job={job} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ job, now }: { readonly job: Job; readonly now: number }) {
  const { progress } = job;
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <a href={jobHref(job.id)}>{job.id}</a>
        <Way job={job} />
      </th>
      <td role="cell">
        <State state={job.state} />
        <Remark job={job} now={now} />
      </td>
      <td role="cell" class="progress">
        <Bar label={`Progress of ${job.id}`} value={progress.percent} moving={job.state === 'running'} />
        <span class="quiet">{progressText(job)}</span>
      </td>
      <td role="cell" class="number wide">
        {count(progress.records)}
      </td>
      <td role="cell" class="number wide">
        {bytes(progress.bytes)}
      </td>
      <td role="cell" class="number wide">
        {progress.recordsPerSecond === null ? '–' : perSecond(progress.recordsPerSecond)}
      </td>
      <td role="cell" class="number wide">
        <Time iso={job.createdAt} now={now} />
      </td>
    </tr>
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
