// The jobs, newest first: filtered, in pages, and live.
import { listLive } from '../jobs/live-list.js';
import { Filters } from '../jobs/filters.js';
import { JobTable } from '../jobs/table.js';
import { usePolled } from '../hooks/polled.js';
import { hrefOf, type Query } from '../route.js';
import { ListPages } from '../ui/list-pages.js';
import { May, useMay } from '../session.js';
import { Page } from '../ui/page.js';
import { TroubleNote } from '../ui/trouble.js';

const LOOK_EVERY_MS = 2_000;
/** Filters that show themselves what is wrong with them. */
const BESIDE = new Set(['tenant', 'schedule']);

export function JobsPage({ query }: { readonly query: Query }) {
  const { data, trouble } = usePolled(JSON.stringify(query), listLive(query), LOOK_EVERY_MS);
  const faults = trouble?.problem?.errors ?? [];
  const start = (
    <May role="operator">
      <a class="button primary" href={hrefOf('start')}>
        Start a job
      </a>
    </May>
  );
  return (
    <Page title="Jobs" aside={start}>
      <Filters query={query} faults={faults} />
      {!faults.some(({ path }) => BESIDE.has(path)) && <TroubleNote trouble={trouble} />}
      {data && data.jobs.length > 0 && <JobTable jobs={data.jobs} />}
      {data?.jobs.length === 0 && <Nothing query={query} />}
      {data === null && !trouble && <p class="quiet">Asking for the jobs …</p>}
      <ListPages page="jobs" query={query} next={data?.next ?? null} />
    </Page>
  );
}

function Nothing({ query }: { readonly query: Query }) {
  const filtered = Object.keys(query).length > 0;
  const mayStart = useMay('operator');
  return (
    <div class="empty">
      <p>{filtered ? 'No job is like that.' : 'No job was started yet.'}</p>
      {(filtered || mayStart) && (
        <a href={hrefOf(filtered ? 'jobs' : 'start')}>{filtered ? 'Show all jobs' : 'Start the first one'}</a>
      )}
    </div>
  );
}
