// The shell of the dashboard: where one can go, and the page one is on.
import type { ComponentChildren } from 'preact';
import { useContext, useRef } from 'preact/hooks';
import { useAccess, type Access } from './hooks/access.js';
import { useRoute } from './hooks/route.js';
import { ArchivesPage } from './pages/archives.js';
import { ConnectionsPage } from './pages/connections.js';
import { JobPage } from './pages/job.js';
import { JobsPage } from './pages/jobs.js';
import { LoginPage } from './pages/login.js';
import { QueuePage } from './pages/queue.js';
import { SchedulesPage } from './pages/schedules.js';
import { StartPage } from './pages/start.js';
import { hrefOf, type Route } from './route.js';
import { SessionContext, useMay } from './session.js';
import { Announcer } from './ui/announce.js';
import { Page } from './ui/page.js';
import { TroubleNote } from './ui/trouble.js';

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
  const access = useAccess();
  const main = useRef<HTMLElement>(null);
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <SessionContext.Provider value={access.session}>
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
        {access.session && <Navigation page={route.page} />}
        <Who leave={access.leave} />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {contentOf(access, route)}
      </main>
      <Announcer />
    </SessionContext.Provider>
  );
}

function contentOf({ session, closed, trouble, enter }: Access, route: Route): ComponentChildren {
  if (closed) return <LoginPage key="login" enter={enter} />;
  return session ? pageOf(route) : <TroubleNote trouble={trouble} />;
}

/** Nobody in particular where the API has no keys. */
function Who({ leave }: { readonly leave: () => void }) {
  const session = useContext(SessionContext);
  if (session?.name == null) return null;
  const { name, role, tenant } = session;
  return (
    <div class="who">
      <span title={tenant === null ? role : `${role} of ${tenant}`}>{name}</span>
      <button type="button" class="small" onClick={leave}>
        Log out
      </button>
    </div>
  );
}

function Navigation({ page }: { readonly page: string }) {
  const mayStart = useMay('operator');
  return (
    <nav aria-label="Pages">
      {PAGES.filter(([name]) => name !== 'start' || mayStart).map(([name, title]) => (
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
