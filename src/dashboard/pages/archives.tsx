// What was sealed in the stores, and what can be done with each archive.
import { api, type Archive, type ArchivePage } from '../api.js';
import { sourceOf, USES } from '../archives/uses.js';
import { ArchiveFilters } from '../archives/filters.js';
import { usePolled } from '../hooks/polled.js';
import { hrefOf, jobHref, type Query } from '../route.js';
import { useMay } from '../session.js';
import { ListPages } from '../ui/list-pages.js';
import { Page } from '../ui/page.js';
import { Table, type Column } from '../ui/table.js';
import { Time } from '../ui/time.js';
import { ErrorNote, TroubleNote } from '../ui/trouble.js';
import { bytes, count } from '../words.js';

/** Each look is a walk through the stores. */
const LOOK_EVERY_MS = 30_000;

export function ArchivesPage({ query }: { readonly query: Query }) {
  const ask = () => api.archives({ limit: '25', ...query });
  const { data, trouble } = usePolled(JSON.stringify(query), ask, LOOK_EVERY_MS);
  const faults = trouble?.problem?.errors ?? [];
  return (
    <Page title="Archives">
      <p class="lead">What jobs have sealed in the stores, by its place; also what Temporal has forgotten.</p>
      <ArchiveFilters query={query} faults={faults} />
      {!faults.some(({ path }) => path === 'prefix') && <TroubleNote trouble={trouble} />}
      {data === null && !trouble && <p class="quiet">Walking through the stores …</p>}
      {data && <Found page={data} />}
      <ListPages page="archives" query={query} next={data?.next ?? null} first="First" more="More" />
    </Page>
  );
}

function Found({ page: { archives, unreadable } }: { readonly page: ArchivePage }) {
  const columns = useMay('operator') ? [...COLUMNS, START] : COLUMNS;
  return (
    <>
      {archives.length > 0 && <Table class="archives" columns={columns} rows={archives} keyOf={placeOf} />}
      {unreadable.map((error) => (
        <section key={`${error.connection}/${error.path}`} aria-label="What cannot be read">
          <p>{error.path === null ? `All of ${error.connection}` : `${error.connection}/${error.path}`}</p>
          <ErrorNote error={error} />
        </section>
      ))}
      {archives.length + unreadable.length === 0 && <p class="empty">Nothing was sealed there yet.</p>}
    </>
  );
}

const placeOf = ({ connection, path }: Archive): string => `${connection}/${path}`;

const COLUMNS: readonly Column<Archive>[] = [
  { title: 'Archive', cell: (archive) => <Name archive={archive} /> },
  { title: 'Records', number: true, wide: true, cell: ({ records }) => count(records) },
  { title: 'Stored', number: true, wide: true, cell: ({ storedBytes }) => bytes(storedBytes) },
  { title: 'Completed', number: true, wide: true, cell: ({ completedAt }) => <Time iso={completedAt} /> },
];

const START: Column<Archive> = { title: 'Start', cell: (archive) => <Uses archive={archive} /> };

function Name({ archive }: { readonly archive: Archive }) {
  const { kind, format, source, job, streamsTotal } = archive;
  const what = kind === 'export' ? `export as ${format}` : 'archive';
  const streams = streamsTotal === 1 ? '1 stream' : `${count(streamsTotal)} streams`;
  return (
    <>
      <a href={jobHref(job)}>{placeOf(archive)}</a>
      <span class="quiet way">
        {what} of {source.connection}, {streams}
      </span>
    </>
  );
}

/** An export is for other programs. */
function Uses({ archive }: { readonly archive: Archive }) {
  if (archive.kind === 'export') return <a href={jobHref(archive.job)}>Files</a>;
  return (
    <span class="uses">
      {USES.map(([kind, title]) => (
        <a
          key={kind}
          aria-label={`${title} ${placeOf(archive)}`}
          href={hrefOf('start', { kind, ...sourceOf(archive) })}
        >
          {title}
        </a>
      ))}
    </span>
  );
}
