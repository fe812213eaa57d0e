// The shell of the dashboard: where one can go, and the page one is on.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useRoute } from './hooks/route.js';
import { ArchivesPage } from './pages/archives.js';
import { ConnectionsPage } from './pages/connections.js';
import { JobPage } from './pages/job.js';
import { JobsPage } from './pages/jobs.js';
import { QueuePage } from './pages/queue.js';
import { SchedulesPage } from './pages/schedules.js';
import { StartPage } from './pages/start.js';
import { hrefOf, type Route } from './route.js';
import { Announcer } from './ui/announce.js';
import { Page } from './ui/page.js';

const PAGES = [
  ['jobs', 'Jobs'],
  ['start', 'Start'],
  ['schedules', 'Schedules'],
  ['archives', 'Archives'],
  ['connections', 'Connections'],
  ['queue', 'Queue'],
] as const;

export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf('jobs')}>
          <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M6 21h5v-4h5v-4h5V9h5" />
          </svg>
          <span class="brand-name">Longhaul</span>
        </a>
        <Navigation page={route.page} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {pageOf(route)}
      </main>
      <Announcer />
    </>
  );
}

function Navigation({ page }: { readonly page: string }) {
  return (
    <nav aria-label="Pages">
      {PAGES.map(([name, title]) => (
        <a key={name} href={hrefOf(name)} {...(name === page && { 'aria-current': 'page' as const })}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function pageOf({ page, id, query }: Route): ComponentChildren {
  if (page === 'jobs' && id !== null) return <JobPage key={`job ${id}`} id={id} />;
  switch (page) {
    case 'jobs':
      return <JobsPage key="jobs" query={query} />;
    case 'start':
      return <StartPage key={`start ${JSON.stringify(query)}`} query={query} />;
    case 'schedules':
      return <SchedulesPage key="schedules" />;
    case 'archives':
      return <ArchivesPage key="archives" query={query} />;
    case 'connections':
      return <ConnectionsPage key="connections" />;
    case 'queue':
      return <QueuePage key="queue" />;
    default:
      return <Missing key="missing" />;
  }
}

function Missing() {
  return (
    <Page title="Nothing here">
      <p>
        There is no such page. <a href={hrefOf('jobs')}>See the jobs</a>.
      </p>
    </Page>
  );
}
