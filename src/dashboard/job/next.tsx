// What one may want to start after this job, with the form filled in.
import type { Job } from '../../core/job.js';
import { valuesOf } from '../start/values.js';
import { hrefOf, type Query } from '../route.js';

export function Next({ job }: { readonly job: Job }) {
  const links = linksOf(job);
  if (links.length === 0) return null;
  return (
    <section>
      <h2>Next</h2>
      <ul class="next">
        {links.map(([text, query]) => (
          <li key={text}>
            <a href={hrefOf('start', query)}>{text}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function linksOf(job: Job): (readonly [string, Query])[] {
  const again = [['Start another like it', likeIt(job)]] as const;
  if (job.kind !== 'backup' || job.state !== 'completed' || job.archive === null) return [...again];
  const [connection = '', ...path] = job.archive.split('/');
  const archive = { 'source.connection': connection, 'source.archive': path.join('/') };
  return [
    ['Verify this archive', { kind: 'verify', ...archive }],
    ['Restore from it', { kind: 'restore', ...archive }],
    ['Export from it', { kind: 'export', ...archive }],
    ...again,
  ];
}

/** But for the name of what it wrote, which is taken. */
function likeIt(job: Job): Query {
  const { 'sink.archive': _, 'sink.name': __, ...query } = valuesOf(job);
  return { kind: job.kind, ...query };
}
