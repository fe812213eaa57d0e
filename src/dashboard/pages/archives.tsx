// The archives that completed backups have written, and what can be done with each.
import { api } from '../api.js';
import { asSource, USES } from '../archives.js';
import type { Job } from '../../core/job.js';
import { usePolled } from '../hooks/polled.js';
import { hrefOf, jobHref, type Query } from '../route.js';
import { May } from '../session.js';
import { ListPages } from '../ui/list-pages.js';
import { Page } from '../ui/page.js';
import { Time } from '../ui/time.js';
import { TroubleNote } from '../ui/trouble.js';
import { bytes, count } from '../words.js';

const LOOK_EVERY_MS = 15_000;

export function ArchivesPage({ query }: { readonly query: Query }) {
  const ask = () => api.jobs({ limit: '25', ...query, kind: 'backup', state: 'completed' });
  const { data, trouble } = usePolled(JSON.stringify(query), ask, LOOK_EVERY_MS);
  return (
    <Page title="Archives">
      <p class="lead">
        What completed backups have written, newest first, for as long as Temporal remembers them. Older
        archives are where they were: name them in the form.
      </p>
      <TroubleNote trouble={trouble} />
      {data && data.jobs.length > 0 && <ArchiveTable backups={data.jobs} />}
      {data?.jobs.length === 0 && <p class="empty">No backup has completed yet.</p>}
      <ListPages page="archives" query={query} next={data?.next ?? null} />
    </Page>
  );
}

function ArchiveTable({ backups }: { readonly backups: readonly Job[] }) {
  return (
    <table class="archives">
      <thead>
        <tr>
          <th scope="col">Archive</th>
          <th scope="col" class="number wide">
            Records
          </th>
          <th scope="col" class="number wide">
            Stored
          </th>
          <th scope="col" class="number wide">
            Completed
          </th>
          <May role="operator">
            <th scope="col">Start</th>
          </May>
        </tr>
      </thead>
      <tbody>
        {backups.map((backup) => (
          <Row key={backup.id} backup={backup} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ backup }: { readonly backup: Job }) {
  const { id, archive, source, progress, result, endedAt } = backup;
  return (
    <tr>
      <th scope="row">
        <a href={jobHref(id)}>{archive}</a>
        <span class="quiet way">of {source.connection}</span>
      </th>
      <td class="number wide">{count(progress.records)}</td>
      <td class="number wide">{result ? bytes(result.storedBytes) : '–'}</td>
      <td class="number wide">{endedAt && <Time iso={endedAt} />}</td>
      <May role="operator">
        <td>
          <span class="uses">
            {USES.map(([kind, title]) => (
              <a
                key={kind}
                aria-label={`${title} ${archive}`}
                href={hrefOf('start', { kind, ...asSource(backup) })}
              >
                {title}
              </a>
            ))}
          </span>
        </td>
      </May>
    </tr>
  );
}
