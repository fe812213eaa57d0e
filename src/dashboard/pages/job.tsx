// One job: how far it is, what it waits for, why it failed, and what one can do about it.
import type { Job } from '../../core/job.js';
import { ENDED } from '../../core/job.js';
import { useJob, type LiveJob } from '../hooks/job.js';
import { Actions } from '../job/actions.js';
import { Differences } from '../job/differences.js';
import { Facts } from '../job/facts.js';
import { Files } from '../job/files.js';
import { News } from '../job/news.js';
import { Next } from '../job/next.js';
import { Plot } from '../job/plot.js';
import { Rejects } from '../job/rejects.js';
import { Result } from '../job/result.js';
import { Streams } from '../job/streams.js';
import { Summary } from '../job/summary.js';
import { fromText, toText } from '../kinds.js';
import { hrefOf } from '../route.js';
import { May } from '../session.js';
import { Page } from '../ui/page.js';
import { State } from '../ui/state.js';
import { ErrorNote, TroubleNote } from '../ui/trouble.js';
import { percent } from '../words.js';

export function JobPage({ id }: { readonly id: string }) {
  const live = useJob(id);
  const { job, trouble } = live;
  return (
    <Page title={id} windowTitle={windowTitle(id, job)} aside={job && <State state={job.state} />}>
      <TroubleNote trouble={trouble} />
      {trouble?.problem?.code === 'job_unknown' && <a href={hrefOf('jobs')}>See the jobs there are</a>}
      {job ? <Content live={live} job={job} /> : !trouble && <p class="quiet">Asking for the job …</p>}
    </Page>
  );
}

function windowTitle(id: string, job: Job | null): string {
  if (!job) return id;
  const { percent: done } = job.progress;
  return `${done !== null && !ENDED.includes(job.state) ? percent(done) : job.state} ${id}`;
}

function Content({ live, job }: { readonly live: LiveJob; readonly job: Job }) {
  return (
    <>
      <p class="lead">
        {job.kind} {fromText(job)}
        {toText(job) !== null && ` → ${toText(job)}`}
      </p>
      <Actions job={job} update={live.update} />
      {job.error && <ErrorNote error={job.error} />}
      <Summary job={job} />
      <div class="columns">
        <div>
          <Streams job={job} />
          <Plot job={job} />
          <Differences job={job} />
          <Rejects job={job} />
        </div>
        <div>
          <Result job={job} />
          <Facts job={job} update={live.update} />
          <May role="operator">
            <Next job={job} />
          </May>
        </div>
      </div>
      <Files job={job} />
      <News job={job} />
    </>
  );
}
